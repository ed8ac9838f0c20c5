//! Acceptance criteria, told over HTTP against a whole server.

mod company;
mod trade;
