//! What `sandbox` prints.

use std::fmt::Display;
use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::report::text::Text;
use crate::report::words::Words;

/// Once it listens on this address.
pub fn runs(host: &str) -> String {
    format!("the embedded AWS runs on http://{host} (loopback and memory only)")
}

/// Above a user's credentials: a comment of the shell.
pub fn user(name: &str, account: impl Display) -> String {
    format!("# {name} of account {account}")
}

pub fn how_to_end() -> Text {
    Text::ours("\npress Ctrl-C to end it")
}

pub fn speed_not_valid(speed: f64) -> Words {
    Words::new(format!("`--speed {speed}` is not a valid speed"))
        .hint("1 is AWS's own speed; with 60, a minute takes a second")
}

/// The file is not a seed.
pub fn not_a_seed(file: &Path, error: impl Display) -> Words {
    Words::new(format!("{} is not a valid seed", file.display())).cause(error.to_string())
}

/// The seed's resources contradict each other.
pub fn seed_not_valid(error: impl Display) -> Words {
    Words::new("the seed is not valid").cause(error.to_string())
}

pub fn no_port(port: u16, error: &Error) -> Words {
    if error.kind() == ErrorKind::AddrInUse {
        return Words::new(format!("port {port} is already in use"))
            .hint("choose another with `--port`, or any free one with `--port 0`");
    }
    Words::new(format!("cannot listen on port {port} of 127.0.0.1")).cause(error.to_string())
}

/// The listening socket has no address.
pub fn no_address(error: &Error) -> Words {
    Words::new(error.to_string())
}

/// Serving ended by itself.
pub fn stopped(error: impl Display) -> Words {
    Words::new("the sandbox stopped").cause(error.to_string())
}
