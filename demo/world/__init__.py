"""What the assistant works in: a mailbox, documents, files, and the ways out of the house."""
