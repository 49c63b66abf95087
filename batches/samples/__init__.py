"""A made-up day of a clinic that asks its patients by SMS whether they will come: to try estimate_bill with."""
