//! The API as a real server of October 2024 spoke it, recorded: our client's types must understand all of it, and
//! the embedded server must speak it, too.

mod openapi;
mod recorded;
mod replay;
mod understood;
