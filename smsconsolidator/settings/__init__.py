"""Django's settings, a module for each theme.

Operators give values in the environment (see smsconsolidator/env/); nothing here is a secret.
"""

from smsconsolidator import __version__
from smsconsolidator.settings.api import *
from smsconsolidator.settings.browser import *
from smsconsolidator.settings.classifying import *
from smsconsolidator.settings.database import *
from smsconsolidator.settings.given import *
from smsconsolidator.settings.keeping import *
from smsconsolidator.settings.login import *
from smsconsolidator.settings.logs import *
from smsconsolidator.settings.look import *
from smsconsolidator.settings.parts import *
from smsconsolidator.settings.queue import *
from smsconsolidator.settings.receiving import *
from smsconsolidator.settings.replying import *
from smsconsolidator.settings.report import *
from smsconsolidator.settings.site import *

VERSION = __version__
