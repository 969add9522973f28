//! `sandbox`: keeps the embedded AWS running.
//!
//! With `--output json` it prints one line once it listens: `{"v":1,"kind":"sandbox","endpoint":…}`.

use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::args::{Form, SandboxArgs, TrafficArgs};
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
    let text = match &args.seed {
        None => Seed::demo_text().to_owned(),
        Some(file) => std::fs::read_to_string(file).map_err(|e| Failure::wrong(unreadable(file, e)))?,
    };
    let seed = match &args.seed {
        None => Seed::demo(),
        Some(file) => Seed::read(&text).map_err(|e| Failure::wrong(words::not_a_seed(file, e)))?,
    };
    if args.print_seed {
        output.print(Text::laid_out(text.trim_end()));
        return Ok(ExitCode::Done);
    }
    let listener = TcpListener::bind(("127.0.0.1", args.port))
        .await
        .map_err(|e| Failure::access(words::no_port(args.port, &e)))?;
    let host = listener.local_addr().map_err(|e| Failure::access(words::no_address(&e)))?.to_string();
    let mut world = World::new(&seed, Latency::new(args.speed), jiff::Timestamp::now())
        .map_err(|e| Failure::wrong(words::seed_not_valid(e)))?;
    world.set_registry_host(&host);
    record(&mut world, &args.traffic)?;
    match output.form {
        Form::Human => human(output, &seed, &host),
        Form::Json => output.value(&machine(&seed, &world, &host)),
    }
    let served = serve::serve(listener, Arc::new(Mutex::new(world)));
    let ended = tokio::select! {
        Err(error) = served => Err(Failure::access(words::stopped(error))),
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::Done),
        _ = terminated() => Ok(ExitCode::Done),
    };
    ended
}

fn human(output: &Output, seed: &Seed, host: &str) {
    output.note(words::runs(host));
    for (account, user) in exports::users(seed) {
        output.print("");
        output.print(words::user(&user.name, &account.id));
        if let Some(lines) = exports::exports(seed, &user.name, host) {
            output.print(Text::laid_out(lines.trim_end()));
        }
    }
    output.note(words::how_to_end());
}

/// What a program needs: the accounts with their users, and the addresses at which services answer.
fn machine(seed: &Seed, world: &World, host: &str) -> Value {
    let accounts: Vec<Value> = seed
        .accounts
        .iter()
        .map(|account| {
            let users: Vec<Value> = account
                .users
                .iter()
                .map(|user| {
                    let variables: serde_json::Map<String, Value> = exports::variables(seed, user, host)
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value.into()))
                        .collect();
                    json!({ "name": user.name, "export": variables, "unset": exports::unset(user) })
                })
                .collect();
            json!({ "id": account.id, "name": account.name, "users": users })
        })
        .collect();
    let services: Vec<Value> = world
        .services()
        .map(|(account, region, cluster, service)| {
            let url = format!("http://{host}/_sandbox/service/{account}/{region}/{cluster}/{service}");
            json!({ "account": account, "region": region, "cluster": cluster, "service": service, "url": url })
        })
        .collect();
    let addresses: serde_json::Map<String, Value> =
        seed.addresses.keys().map(|at| (at.clone(), format!("http://{host}/_sandbox/at/{at}").into())).collect();
    json!({
        "v": 1,
        "kind": "sandbox",
        "endpoint": format!("http://{host}"),
        "region": seed.region,
        "accounts": accounts,
        "services": services,
        "addresses": addresses,
    })
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
