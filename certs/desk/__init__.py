"""The signing desk: the credential key stays in the signer process, which signs what the log says was decided."""
