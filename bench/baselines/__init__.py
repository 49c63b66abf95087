"""What the service is compared with, each started by the bench itself."""
