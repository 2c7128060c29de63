"""What real responses of upstreams look like: learned from a sample, without anybody's data."""

from bartizan.detection.profile.book import ProfileBook, read_profile
from bartizan.detection.profile.guard import ProfileGuard
from bartizan.detection.profile.learner import Learner
from bartizan.detection.profile.profile import Profile
from bartizan.detection.profile.schemas import Shape

__all__ = ["Learner", "Profile", "ProfileBook", "ProfileGuard", "Shape", "read_profile"]
