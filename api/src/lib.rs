//! The door: HTTP, streams and the command line.
