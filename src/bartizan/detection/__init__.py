"""What is made of signals: who they are about, what they mean, and the risk that follows from them."""
