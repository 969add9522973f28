//! The same requests to the sandbox and to other emulators: peers.py and comparisons/ send them, and list the known differences.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::json;

use super::lifecycle::{run, seed};
use super::models;
use crate::real::peers::{Owned, have, leave_out};
use crate::real::sandbox::Sandbox;

/// Python starts slowly on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Compares all of them, once for all tests. `false`: left out, which was printed.
///
/// # Panics
/// If one of them differs from AWS in a way that is not known.
pub fn asked() -> bool {
    static ASKED: OnceLock<Result<bool, String>> = OnceLock::new();
    ASKED.get_or_init(ask).clone().unwrap_or_else(|why| panic!("{why}"))
}

fn ask() -> Result<bool, String> {
    let test = "others' emulators";
    let python = models::environment().join("bin/python");
    if !have(test, &["moto_server", "ministack"]) {
        return Ok(false);
    }
    if !python.is_file() {
        leave_out(test, "no boto3 in TARGET/models; tests/run puts it there");
        return Ok(false);
    }
    let work = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::of("contract", Some(&seed(work.path())));
    let keys: serde_json::Map<_, _> =
        sandbox.exported("developer").into_iter().map(|(name, value)| (name, value.into())).collect();
    let given = json!({"peer": "sandbox", "endpoint": sandbox.endpoint(), "keys": keys});
    run(&python, "peers.py", work.path(), &given)?;
    for peer in ["moto", "ministack"] {
        let (_process, endpoint) = emulator(peer, work.path());
        run(&python, "peers.py", work.path(), &json!({"peer": peer, "endpoint": endpoint}))?;
    }
    Ok(true)
}

fn emulator(name: &str, home: &Path) -> (Owned, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = match name {
        "moto" => {
            let mut moto = Command::new("moto_server");
            moto.args(["-H", "127.0.0.1", "-p", &port]).env_clear();
            moto
        }
        _ => {
            let mut ministack = Command::new("ministack");
            ministack.env_clear().envs([("BIND_HOST", "127.0.0.1"), ("GATEWAY_PORT", &port)]);
            // ministack runs no containers here.
            ministack.env("DOCKER_HOST", format!("unix://{}/none", home.display()));
            ministack
        }
    };
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", home).env("TMPDIR", home);
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + START;
    while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        let ended = process.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < until, "{name} did not start ({ended:?})");
        std::thread::sleep(Duration::from_millis(50));
    }
    (Owned(process), format!("http://127.0.0.1:{port}"))
}

#[test]
fn the_sandbox_and_other_emulators_answer_alike_except_for_known_differences() {
    asked();
}
