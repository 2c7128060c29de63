"""One file per revision, in order; one that was released is never changed."""
