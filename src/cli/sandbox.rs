//! `sandbox`: keeps the embedded AWS running.

use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use super::args::{SandboxArgs, TrafficArgs};
use super::failure::Failure;
use super::output::Output;
use crate::model::exit_code::ExitCode;
use crate::report::text::Text;
use crate::sandbox::latency::Latency;
use crate::sandbox::traffic::Traffic;
use crate::sandbox::{Seed, World, exports, serve};

pub async fn run(output: &Output, args: SandboxArgs) -> Result<ExitCode, Failure> {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(Failure::wrong(format!("`--speed {}` is not a valid speed", args.speed))
            .hint("1 is AWS's own speed; with 60, a minute takes a second"));
    }
    let seed = match &args.seed {
        None => Seed::demo(),
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|e| Failure::wrong(format!("{} cannot be read", file.display())).cause(e.to_string()))?;
            Seed::read(&text)
                .map_err(|e| Failure::wrong(format!("{} is not a valid seed", file.display())).cause(e.to_string()))?
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(|e| no_port(args.port, &e))?;
    let host = listener.local_addr().map_err(|e| Failure::access(e.to_string()))?.to_string();
    let mut world = World::new(&seed, Latency::new(args.speed), jiff::Timestamp::now())
        .map_err(|e| Failure::wrong("the seed is not valid").cause(e.to_string()))?;
    world.set_registry_host(&host);
    record(&mut world, &args.traffic)?;
    output.note(format!("the embedded AWS runs on http://{host} (loopback and memory only)"));
    for (account, user) in exports::users(&seed) {
        output.print("");
        output.print(format!("# {} of account {}", user.name, account.id));
        if let Some(lines) = exports::exports(&seed, &user.name, &host) {
            output.print(Text::laid_out(lines.trim_end()));
        }
    }
    output.note(Text::ours("\npress Ctrl-C to end it"));
    let served = serve::serve(listener, Arc::new(Mutex::new(world)));
    let ended = tokio::select! {
        Err(error) = served => Err(Failure::access("the sandbox stopped").cause(error.to_string())),
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::Done),
        _ = terminated() => Ok(ExitCode::Done),
    };
    ended
}

fn no_port(port: u16, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return Failure::access(format!("port {port} is already in use"))
            .hint("choose another with `--port`, or any free one with `--port 0`");
    }
    Failure::access(format!("cannot listen on port {port} of 127.0.0.1")).cause(error.to_string())
}

/// Has the world write its traffic into the given file. Only its owner may read it: requests contain task definitions.
pub(super) fn record(world: &mut World, args: &TrafficArgs) -> Result<(), Failure> {
    let Some(file) = &args.traffic else { return Ok(()) };
    let mut options = std::fs::OpenOptions::new();
    let opened = options.create(true).append(true).mode(0o600).open(file);
    let opened =
        opened.map_err(|e| Failure::access(format!("{} cannot be written", file.display())).cause(e.to_string()))?;
    world.record(Traffic::new(opened));
    Ok(())
}

async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}
