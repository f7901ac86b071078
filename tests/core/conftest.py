"""Property tests run without a deadline: a slow machine is not a wrong answer."""

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
