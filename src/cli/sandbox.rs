//! `sandbox`: keeps the embedded AWS running.

use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use super::args::{SandboxArgs, TrafficArgs};
use super::failure::Failure;
use super::output::Output;
use crate::model::exit_code::ExitCode;
use crate::report::text::Text;
use crate::report::verb::path::{unreadable, unwritable};
use crate::report::verb::sandbox as words;
use crate::sandbox::latency::Latency;
use crate::sandbox::traffic::Traffic;
use crate::sandbox::{Seed, World, exports, serve};

pub async fn run(output: &Output, args: SandboxArgs) -> Result<ExitCode, Failure> {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(Failure::wrong(words::speed_not_valid(args.speed)));
    }
    let seed = match &args.seed {
        None => Seed::demo(),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|e| Failure::wrong(unreadable(file, e)))?;
            Seed::read(&text).map_err(|e| Failure::wrong(words::not_a_seed(file, e)))?
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", args.port))
        .await
        .map_err(|e| Failure::access(words::no_port(args.port, &e)))?;
    let host = listener.local_addr().map_err(|e| Failure::access(words::no_address(&e)))?.to_string();
    let mut world = World::new(&seed, Latency::new(args.speed), jiff::Timestamp::now())
        .map_err(|e| Failure::wrong(words::seed_not_valid(e)))?;
    world.set_registry_host(&host);
    record(&mut world, &args.traffic)?;
    output.note(words::runs(&host));
    for (account, user) in exports::users(&seed) {
        output.print("");
        output.print(words::user(&user.name, &account.id));
        if let Some(lines) = exports::exports(&seed, &user.name, &host) {
            output.print(Text::laid_out(lines.trim_end()));
        }
    }
    output.note(words::how_to_end());
    let served = serve::serve(listener, Arc::new(Mutex::new(world)));
    let ended = tokio::select! {
        Err(error) = served => Err(Failure::access(words::stopped(error))),
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::Done),
        _ = terminated() => Ok(ExitCode::Done),
    };
    ended
}

/// Has the world write its traffic into the given file. Only its owner may read it: requests contain task definitions.
pub(super) fn record(world: &mut World, args: &TrafficArgs) -> Result<(), Failure> {
    let Some(file) = &args.traffic else { return Ok(()) };
    let mut options = std::fs::OpenOptions::new();
    let opened = options.create(true).append(true).mode(0o600).open(file);
    let opened = opened.map_err(|e| Failure::access(unwritable(file, e)))?;
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
