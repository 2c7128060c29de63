"""Values that look real and are not: the same ones wherever the key is."""

from bartizan.detection.fakes.documents import fake_document
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.openapi import OpenApi, Operation, ResponseKind
from bartizan.detection.fakes.plain import Json
from bartizan.detection.fakes.schema import fake_value

__all__ = ["Json", "Keyed", "OpenApi", "Operation", "ResponseKind", "fake_document", "fake_value"]
