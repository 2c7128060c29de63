"""Objects and fields planted in real responses: whoever asks for one has not been given it by any page."""
