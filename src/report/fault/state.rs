//! The words for a store that refuses, fails or is damaged.

use crate::model::fault::state::{
    BlobFlaw, Conflict, Damage, Exposure, ExposureOutcome, Flaw, ForeignState, JournalError, Leased, Part,
    StoreProblem, UnknownContent, UnknownWhy,
};
use crate::model::ids::ReleaseId;
use crate::report::illegal;
use crate::report::time::moment;
use crate::report::words::Words;

/// Sentence, cause and hints; `release`: the one that this process worked on, for the command that resumes it.
pub fn words(error: &JournalError, release: Option<&ReleaseId>) -> Words {
    let words = plain(error);
    match remedy(error) {
        Some(remedy) => {
            let id = release.map(|id| format!(" {id}")).unwrap_or_default();
            words.hint(format!("{remedy} `kanmon resume{id}`"))
        }
        None => words,
    }
}

fn plain(error: &JournalError) -> Words {
    match error {
        JournalError::NoSuchRelease(id) => Words::new(format!("no release {id} is recorded here"))
            .hint("`kanmon history` lists the releases that are recorded here"),
        JournalError::Held { what, holder, holder_release, .. } => {
            let by = match holder_release {
                Some(release) => format!("release {release} ({holder})"),
                None => holder.clone(),
            };
            Words::new(format!("{} is locked by {by}", leased(what)))
                .hint("wait until that process ends; `kanmon status` shows what it does")
                .hint("if that process no longer exists, its lock expires within a minute; `kanmon unlock` breaks it now")
        }
        JournalError::Frozen(stage) => {
            Words::new(format!("stage {stage} is frozen")).hint("`kanmon status` shows why and by whom")
        }
        JournalError::LostLease { what, last_event } => {
            let events = match last_event {
                Some((known, found)) => format!(", whose last event is {found}, not {known}"),
                None => String::new(),
            };
            Words::new(format!("this process has lost its lock on {}{events}", leased(what)))
                .cause("another process has taken the lock, or this one was paused for too long; it stopped before it changed anything more")
                .hint("`kanmon status` shows who has the lock now")
        }
        JournalError::Corrupt(damage) => Words::new(format!("the record is damaged: {}", damaged(damage)))
            .cause("kanmon does not act on a record that cannot be verified")
            .hint("restore the state from a backup; a new state does not know earlier rejections and freezes"),
        JournalError::Unknown(content) => {
            of_another_version(Words::new(format!("this kanmon cannot read the record: {}", unknown(content))))
        }
        JournalError::Newer { found, known } => of_another_version(Words::new(format!(
            "the record was written by a newer kanmon (format {found}; this one reads up to {known})"
        ))),
        JournalError::Older { found, known } => Words::new(format!(
            "the record was written by a kanmon from before the first release (format {found}; this one reads {known} and later)"
        ))
        .cause("the format of records was not stable then, and no kanmon reads it any more")
        .hint("move the state to another place and make a new release: kanmon then makes new state, which does not know earlier rejections and freezes"),
        JournalError::Store(problem) => unavailable(store(problem)),
        JournalError::Busy { file, seconds } => {
            unavailable(format!("another process has kept {file} locked for more than {seconds} seconds"))
        }
        JournalError::Gone { file } => {
            Words::new(format!("the state is gone: {file} was removed or replaced while it was in use"))
        }
        JournalError::Conflict(conflict) => {
            Words::new(conflicting(conflict)).hint("nothing was changed here")
        }
        JournalError::Imported(id, mark) => Words::new(format!(
            "{id} is a record of another store, imported at {} by {}",
            moment(mark.at),
            mark.by
        ))
        .cause("an imported record is history: it can be read, but kanmon does not act on it")
        .hint(format!("`kanmon history {id}` shows its events; continue the release where it is recorded, or make a new one")),
        JournalError::Foreign(state) => Words::new(format!("the state is not used: {}", foreign(state)))
            .cause("whoever made it could have written any record into it")
            .hint("move it to another place, and kanmon makes its own; or name another location with `--state`"),
        JournalError::MadeElsewhere(dir) => {
            Words::new(format!("the state is not used: nothing shows that {dir} was made on this machine"))
                .cause(
                    "it was copied, came with the source, or was made by an earlier kanmon; whoever made it could have written any \
                     record into it",
                )
                .hint(format!(
                    "move it to another place, and kanmon makes its own; if it is yours (copied, restored, or made by an earlier \
                     kanmon), name it once: `--state local:{dir}`"
                ))
        }
        JournalError::Remote(fault) => super::words(fault),
    }
}

fn of_another_version(words: Words) -> Words {
    words
        .cause("kanmon does not act on a record that it understands only in part")
        .hint(format!("use the kanmon that wrote it, or a newer one; this is {}", env!("CARGO_PKG_VERSION")))
}

fn unavailable(why: String) -> Words {
    Words::new(format!("the state cannot be read or written: {why}"))
}

/// What to do about a state that cannot be written, up to the command that resumes the release then.
fn remedy(error: &JournalError) -> Option<&'static str> {
    match error {
        JournalError::Store(_) => {
            Some("kanmon records every action before it acts; free disk space or fix the permissions, then run")
        }
        JournalError::Busy { .. } => Some(
            "kanmon records every action before it acts; let that process end (`fuser` shows which it is), then run",
        ),
        JournalError::Gone { .. } => Some(
            "kanmon does nothing more without its state, and work in progress may be incomplete; restore the state folder, \
             then run",
        ),
        JournalError::Remote(fault) => fault
            .kind()
            .is_passing()
            .then_some("kanmon records every action before it acts; when the table can be reached again, run"),
        JournalError::NoSuchRelease(_)
        | JournalError::Held { .. }
        | JournalError::Frozen(_)
        | JournalError::LostLease { .. }
        | JournalError::Conflict(_)
        | JournalError::Imported(..)
        | JournalError::Foreign(_)
        | JournalError::MadeElsewhere(_)
        | JournalError::Corrupt(_)
        | JournalError::Unknown(_)
        | JournalError::Newer { .. }
        | JournalError::Older { .. } => None,
    }
}

fn leased(what: &Leased) -> String {
    match what {
        Leased::Release(id) => format!("release {id}"),
        Leased::Stage(stage) => format!("stage {stage}"),
    }
}

/// A clause: which part is damaged, and how.
pub fn damaged(Damage { part, flaw }: &Damage) -> String {
    let part = part_words(part);
    match flaw {
        Flaw::HashMismatch => format!("{part} does not match its hash"),
        Flaw::Missing => format!("{part} is missing"),
        Flaw::Unreadable { error } => format!("{part} cannot be read: {error}"),
        Flaw::Misplaced { expected } => format!("{part} is where event {expected} should be"),
        Flaw::NotLinked => format!("{part} does not follow the event before it"),
        Flaw::WrongEnd { found, expected } => {
            format!("{part} end with event {found}, but should end with event {expected}")
        }
        Flaw::Empty => format!("{part} is empty"),
        Flaw::OtherApp { stored, events } => {
            format!("{part} is stored as a release of {stored}, but its events name {events}")
        }
        Flaw::Blob { flaw } => format!("{part} is incomplete: {}", blob(flaw)),
        Flaw::NoFormat => format!("{part} has format 0"),
        Flaw::OtherMessage => format!("{part} is another message"),
        Flaw::Outdated => format!("{part} is not the one that was written last"),
        Flaw::MissingAfter { release } => format!("{part} is missing, although {release} has entered the stage"),
        Flaw::Unpaired => format!("{part} is there, but the stage's own row is missing"),
        Flaw::Absorbed { found, stored } => {
            format!("{part} contain the messages {found}, but {stored} are stored as read")
        }
        Flaw::NotKanmons => format!("{part} is not kanmon's"),
        Flaw::Inconsistent { illegal } => {
            format!("{part} contradict each other: {}", illegal::words(illegal).line())
        }
        Flaw::TooLarge { mib } => format!("{part} is larger than {mib} MiB"),
        Flaw::EventCount { found, expected } => format!("{part} has {found} of {expected} events"),
        Flaw::NotAnExport { kind: Some(kind), .. } => {
            format!("{part} was not written by `kanmon export`: it is `{kind}`")
        }
        Flaw::NotAnExport { kind: None, error: Some(error) } => {
            format!("{part} was not written by `kanmon export`: {error}")
        }
        Flaw::NotAnExport { kind: None, error: None } => format!("{part} was not written by `kanmon export`"),
        Flaw::NotUtf8 => format!("{part} is not UTF-8 text"),
    }
}

fn part_words(part: &Part) -> String {
    match part {
        Part::Event { release, seq } => format!("event {seq} of {release}"),
        Part::Events { release } => format!("the events of {release}"),
        Part::Release { release } => format!("the row of {release}"),
        Part::StageLease { stage } => format!("the lock on stage {stage}"),
        Part::StageLedger { stage } => format!("the ledger of stage {stage}"),
        Part::Message { release, id } => format!("message {id} to {release}"),
        Part::Inbox { release } => format!("the inbox of {release}"),
        Part::ReleaseList { app: Some(app) } => format!("the list of {app}'s releases"),
        Part::ReleaseList { app: None } => "the list of releases".to_owned(),
        Part::Blob { name } => format!("blob {name}"),
        Part::Database { file: Some(file) } => format!("the database {file}"),
        Part::Database { file: None } => "the database".to_owned(),
        Part::File => "the file".to_owned(),
        Part::FileLine { line } => format!("line {line} of the file"),
    }
}

fn blob(flaw: &BlobFlaw) -> String {
    match flaw {
        BlobFlaw::Chunks { name, found, expected } => format!("blob {name} has {found} of {expected} chunks"),
        BlobFlaw::NotUnpackable { name, error } => format!("blob {name} cannot be unpacked: {error}"),
        BlobFlaw::HashMismatch { name } => format!("blob {name} does not match its hash"),
    }
}

fn unknown(UnknownContent { part, why }: &UnknownContent) -> String {
    let part = part_words(part);
    match why {
        UnknownWhy::Kind { kind } => format!("{part} is of the kind `{kind}`"),
        UnknownWhy::Members { kind: Some(kind), error } => format!("{part} (`{kind}`): {error}"),
        UnknownWhy::Members { kind: None, error } => format!("{part}: {error}"),
        UnknownWhy::Version { version } => {
            format!("{part} has version {version}, which no released kanmon has written")
        }
    }
}

fn store(problem: &StoreProblem) -> String {
    match problem {
        StoreProblem::ReadOnly { file } => format!("{file} is read-only, or its folder or file system is"),
        StoreProblem::DiskFull { file } => format!("no space is left for {file}"),
        StoreProblem::CannotOpen { file, error } => format!("{file} cannot be created or opened: {error}"),
        StoreProblem::Failed { file, error } => format!("{file}: {error}"),
        StoreProblem::NoWriteAheadLog { mode } => {
            format!("SQLite uses journal mode `{mode}` here, which is not safe with several processes")
        }
        StoreProblem::EmptyFile { file } => format!("{file} is empty"),
        StoreProblem::NoThread { error } => format!("no thread can be started: {error}"),
        StoreProblem::ThreadEnded { file } => format!("the thread that writes {file} has ended"),
        StoreProblem::NotEncodable { error } => format!("a value cannot be encoded: {error}"),
        StoreProblem::TooManyEvents { count } => format!("{count} events are too many for one write"),
        StoreProblem::TooManyItems { count } => format!("{count} items are too many for one write"),
        StoreProblem::NotWaiting { release, message } => {
            format!("message {message} to {release} does not exist, or was already read")
        }
    }
}

/// A sentence.
fn conflicting(conflict: &Conflict) -> String {
    match conflict {
        Conflict::Recorded { release } => format!("release {release} is already recorded"),
        Conflict::OtherApp { release, app } => format!("release {release} is recorded here as a release of {app}"),
        Conflict::OtherEvent { release, seq } => {
            format!("release {release} is recorded here with another event {seq} than in this record")
        }
        Conflict::Shorter { release, here, record } => {
            format!("release {release} is recorded here up to event {here}, but this record has events up to {record}")
        }
        Conflict::UnfinishedImport { release } => {
            format!("an import of {release} with other events was started here and not finished")
        }
    }
}

fn foreign(state: &ForeignState) -> String {
    match state {
        ForeignState::SymbolicLink { path } => format!("{path} is a symbolic link"),
        ForeignState::OtherOwner { path, owner, user } => {
            format!("{path} belongs to another user (id {owner}; this process runs as {user})")
        }
        ForeignState::Altered { kind, name } => format!("its {kind} `{name}` is not the one that kanmon makes"),
        ForeignState::Extra { kind, name } => format!("it has a {kind} `{name}`, which kanmon does not make"),
        ForeignState::ObjectMissing { name } => format!("it lacks `{name}`"),
    }
}

/// A sentence about a part of the state that other users could open.
pub fn exposure(Exposure { path, mode, outcome }: &Exposure) -> String {
    match outcome {
        ExposureOutcome::Closed => {
            format!("{path} was open to other users (mode {mode:04o}); now only you can open it")
        }
        ExposureOutcome::NotClosed { error } => {
            format!("{path} is open to other users (mode {mode:04o}), and its permissions cannot be changed: {error}")
        }
        ExposureOutcome::Left => {
            format!("{path} is open to other users (mode {mode:04o}); close it with: chmod 700 {path}")
        }
    }
}
