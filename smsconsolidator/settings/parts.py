"""What Django puts the service together of."""

INSTALLED_APPS = [
    "smsconsolidator.apps.ProjectConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin.apps.SimpleAdminConfig",  # what has no pages does not load them (see urls.py)
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "knox",
    "simple_history",
    "batches",
    "classification",
    "replies",
]

MIDDLEWARE = [
    "smsconsolidator.metrics.WebhookTimer",
    "django.middleware.security.SecurityMiddleware",
    "smsconsolidator.middleware.PolicyMiddleware",
    "smsconsolidator.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "smsconsolidator.middleware.AuthenticationMiddleware",
    "smsconsolidator.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],  # the project is an application before the theme: its templates come first, and once
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "smsconsolidator.context.version",
            ]
        },
    }
]
