//! What `demo` prints around its release.

use std::fmt::Display;

use crate::report::text::Text;
use crate::report::words::Words;

/// Before the release. `speed`: how many times faster than AWS.
pub fn about(host: &str, speed: f64) -> String {
    format!(
        "The embedded AWS runs on http://{host}, {speed} times faster than AWS. In it, a developer releases a small application \
         through dev and staging, and a manager decides about production, which is in another account."
    )
}

/// After the release.
pub fn next() -> Text {
    Text::ours(NEXT)
}

const NEXT: &str = "
what to try next
  kanmon sandbox           keep such an AWS running, for any AWS client
  kanmon check FILE        read a pipeline file; pipelines/examples/ has two
  kanmon release --help    the first real release: README.md, step by step";

/// Above what the manager sees.
pub fn managers_view() -> Text {
    Text::ours("\n  what the manager sees with `kanmon approve`:")
}

/// The manager's comment.
pub const COMMENT: &str = "looks good";

/// The demo cannot listen.
pub fn no_free_port(error: impl Display) -> Words {
    Words::new("no port of 127.0.0.1 is free").cause(error.to_string())
}

/// The demo's own seed is not valid.
pub fn seed_not_valid(error: impl Display) -> Words {
    Words::new(format!("the demo's seed is not valid: {error}"))
}

/// The demo's own seed lacks one of its two users.
pub fn no_user(name: &str) -> Words {
    Words::new(format!("the demo's seed has no {name}"))
}
