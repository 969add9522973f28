//! What `sandbox` prints.

use std::fmt::Display;
use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::report::text::Text;
use crate::report::words::Words;

/// How to make something fail there, for `--help`. A test compares the labels with those that the sandbox reads.
pub const FAILURES: &str = "\
Labels of an image that decide what its scans find and how its containers behave
(`labels:` of the pipeline file's `layers`, or LABEL in a Dockerfile):
  dev.kanmon.sandbox.findings=CRITICAL:1,HIGH:2  what a scan finds: the gate blocks
  dev.kanmon.sandbox.scan-takes=600              how long a scan takes, in AWS's seconds
  dev.kanmon.sandbox.scan=PENDING_INITIAL_SCAN   the scan stays at this status of Inspector
  dev.kanmon.sandbox.exit-code=1                 the container exits again and again: a crash loop
  dev.kanmon.sandbox.exit-after=30               after how many seconds it exits
  dev.kanmon.sandbox.run-exit-code=1             the exit code of a one-off task (`run:`)
  dev.kanmon.sandbox.unhealthy=true              the container fails its health checks
  dev.kanmon.sandbox.pull-error=TEXT             the image cannot be pulled

The same for scans in a seed (`--print-seed` prints one to begin with), for all images that match:
  inspector:
    - images: { repository: hello }   # and account, digest
      findings: CRITICAL:1
      takes: 600

While it runs, `curl -d BODY http://127.0.0.1:4566/_sandbox/PATH` changes it:
  findings  {\"images\":{\"repository\":\"hello\"},\"findings\":\"CRITICAL:1\"}   found by a re-scan
  faults    {\"operation\":\"UpdateService\",\"kind\":\"throttle\",\"count\":3}   or access_denied";

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
