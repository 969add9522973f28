//! Working on a release until it ends or this process leaves it: shared by `release`, `promote`, `resume` and `abort`.

use std::io::Write as _;
use std::path::Path;

use indicatif::MultiProgress;
use jiff::SignedDuration;

use super::args::Global;
use super::bench::Bench;
use super::failure::{Failure, mend};
use super::output::Output;
use super::{own_file, releases, sinks};
use crate::journal;
use crate::model::event::{Event, Fact};
use crate::model::exit_code::ExitCode;
use crate::model::ids::ReleaseId;
use crate::model::inbox::Message;
use crate::model::outcome::{Ending, Outcome};
use crate::model::release::Release;
use crate::ports::journal::{Holder, Lease};
use crate::report::{exports, summary};
use crate::runtime::hold;
use crate::runtime::ports::Ports;
use crate::runtime::runner::{RunError, Runner};
use crate::runtime::stop::{self, Stopper};

/// How long it is watched whether a process that works on a release hears what somebody said: a few of its looks into the inbox.
pub const WATCHED: SignedDuration = SignedDuration::from_secs(20);

/// Goes on with a release whose lease is held; tells the events that brought it here, and everything that follows.
pub async fn work(
    ports: Ports,
    lease: Lease,
    events: &[Event],
    global: &Global,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let release = Release::fold(events)
        .map_err(|illegal| Failure::access("the record does not fit together").cause(illegal.to_string()))?;
    let id = release.id.clone();
    let journal = ports.journal.clone();
    if let Some(file) = &global.env_file {
        // Whatever ends this process, the release can be named.
        write_env(file, &release, None)?;
    }
    let ending = {
        let mut sink = sinks::sink(output, global.verbose);
        // How this process came to work on it, and what was written with that.
        let taken_up = events.iter().rposition(|e| {
            matches!(
                e.fact,
                Fact::Started(_) | Fact::Extended { .. } | Fact::Resumed { .. } | Fact::TakenUpToAbort { .. }
            )
        });
        events[taken_up.unwrap_or(0)..].iter().for_each(|event| sink.event(event, &release));
        let (stopper, stop) = stop::channel();
        let signals = tokio::spawn(listen(stopper, output.bars.clone()));
        let ended = Runner::new(ports, lease, release, sink.as_mut(), stop).run().await;
        signals.abort();
        ended.map_err(|error| stopped(&id, error))?
    };
    let ended = journal.read(&id).await?;
    let release = Release::fold(&ended)
        .map_err(|illegal| Failure::defect("the record does not fit together").cause(illegal.to_string()))?;
    if output.form == super::args::Form::Human {
        let mut told = ending.clone();
        // What is gone cannot be gone on with.
        told.hint.take_if(|_| output.passing);
        output.say(summary::of(&release, &told, output.out, output.out_width()));
    }
    if let Some(file) = &global.env_file {
        write_env(file, &release, Some(&ending))?;
    }
    Ok(ending.outcome.exit_code())
}

/// A release that could not be written on has a name by which it is gone on with.
fn stopped(id: &ReleaseId, error: RunError) -> Failure {
    let mend = match &error {
        RunError::Journal(error) => mend(error),
        RunError::Illegal(_) => None,
    };
    let failure = Failure::from(error);
    match mend {
        Some(mend) => failure.hint(format!("{mend} `kanmon resume {id}`")),
        None => failure,
    }
}

/// Takes a release up where it stands: with its lease, which is given back where it does not `fit` any more, and with these
/// facts written behind all that others wrote until now. `stale` are the messages that they leave behind.
pub async fn take_up(
    bench: &Bench,
    output: &Output,
    id: &ReleaseId,
    facts: Vec<Fact>,
    fit: impl Fn(&Release) -> Result<(), Failure>,
    stale: impl Fn(&Release, &Message) -> bool,
) -> Result<(Lease, Vec<Event>), Failure> {
    let lease = take(bench, output, id, &journal::this_process()).await?;
    let events = written(bench, &lease, facts, fit, stale).await?;
    Ok((lease, events))
}

/// `take_up` with the lease in hand.
pub async fn written(
    bench: &Bench,
    lease: &Lease,
    facts: Vec<Fact>,
    fit: impl Fn(&Release) -> Result<(), Failure>,
    stale: impl Fn(&Release, &Message) -> bool,
) -> Result<Vec<Event>, Failure> {
    let id = &lease.release;
    let written = async {
        let (mut events, release) = releases::one(bench, id).await?;
        fit(&release)?;
        // Somebody may have written another record since it was looked at first.
        own_file::agrees(bench, &release)?;
        let inbox = bench.journal.inbox(id).await?;
        let stale = inbox.iter().filter(|m| stale(&release, m)).map(|m| Fact::Absorbed { message: m.id });
        let facts: Vec<Fact> = facts.into_iter().chain(stale).collect();
        events.extend(bench.journal.append(lease, release.seq, &facts, bench.clock.now()).await?);
        Ok(events)
    };
    let written = written.await;
    if written.is_err() {
        // One that cannot be given back runs out.
        let _ = bench.journal.give_up(lease).await;
    }
    written
}

/// Takes a release over, from whoever left it behind; where that is not certain yet, it is looked at for as long as a lease lasts.
async fn take(bench: &Bench, output: &Output, id: &ReleaseId, holder: &Holder) -> Result<Lease, Failure> {
    let watching = |who: &str, lasts: SignedDuration| {
        output.note(format!("{who} has not reported; checking for {} s whether it is still running", lasts.as_secs()));
    };
    Ok(hold::take(bench.journal.as_ref(), bench.clock.as_ref(), id, holder, &watching).await?)
}

/// The first signal asks politely, the second leaves at once; the journal's intents make both resumable.
async fn listen(stopper: Stopper, bars: MultiProgress) {
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return };
    let mut asked = false;
    loop {
        tokio::select! {
            heard = tokio::signal::ctrl_c() => if heard.is_err() { return },
            heard = terminate.recv() => if heard.is_none() { return },
        }
        if asked {
            crate::outside::run::end_all();
            crate::image::clear_scratch();
            std::process::exit(i32::from(ExitCode::Suspended.number()));
        }
        asked = true;
        let text = "stopping as soon as the call under way is answered; once more leaves at once";
        let _ = bars.suspend(|| writeln!(std::io::stderr(), "{text}"));
        stopper.stop();
    }
}

/// Whether the file that a build reads afterwards can be written, asked before anything is done. What an earlier build left in it
/// goes: a build that fails early must not export another's release.
pub fn env_file(global: &Global) -> Result<(), Failure> {
    global.env_file.as_deref().map_or(Ok(()), |file| write(file, ""))
}

/// What a build exports: shell lines, values without anything a shell would touch.
pub fn write_env(file: &Path, release: &Release, ending: Option<&Ending>) -> Result<(), Failure> {
    // A process that is cut off leaves a release that can be gone on with.
    let outcome = ending.map_or(Outcome::Suspended, |e| e.outcome);
    let text: String = exports::of(release, Some(outcome))
        .map(|(name, value)| format!("KANMON_{}={value}\n", name.to_uppercase()))
        .concat();
    write(file, &text)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|e| Failure::access(format!("{} cannot be written", file.display())).cause(e.to_string()))
}
