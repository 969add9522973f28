//! A release's record, as somebody who can write the state can change it: facts are changed, removed or invented, and the chain of hashes,
//! which has no key, is computed again.

use std::path::Path;

use jiff::Timestamp;
use kanmon::journal::{SqliteJournal, this_process};
use kanmon::model::event::{EVENT_VERSION, Event, Fact};
use kanmon::model::ids::{AppName, ReleaseId, sha256_hex};
use kanmon::ports::journal::Journal as _;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub struct Record {
    pub app: String,
    pub release: String,
    /// The time of each fact, and the fact in the journal's form.
    pub facts: Vec<(String, Value)>,
}

impl Record {
    /// Reads the output of `kanmon export`.
    pub fn read(text: &str) -> Record {
        let mut lines = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        let head = lines.next().unwrap();
        let [app, release] = ["app", "release"].map(|name| head[name].as_str().unwrap().to_owned());
        let fact = |line: Value| {
            assert!(line["payload"]["kind"] != "blob" && line.get("blob").is_none(), "no fact here is that large");
            (line["at"].as_str().unwrap().to_owned(), line["payload"].clone())
        };
        Record { app, release, facts: lines.map(fact).collect() }
    }

    /// The first fact of a kind.
    #[track_caller]
    pub fn fact(&self, kind: &str) -> &Value {
        let found = self.facts.iter().find(|(_, fact)| fact["kind"] == kind);
        &found.unwrap_or_else(|| panic!("no `{kind}` is recorded")).1
    }

    /// Changes every fact of a kind.
    #[track_caller]
    pub fn edit(&mut self, kind: &str, change: impl Fn(&mut Value)) -> &mut Record {
        self.fact(kind);
        self.facts.iter_mut().filter(|(_, fact)| fact["kind"] == kind).for_each(|(_, fact)| change(fact));
        self
    }

    /// Leaves out every fact of these kinds.
    pub fn without(&mut self, kinds: &[&str]) -> &mut Record {
        self.facts.retain(|(_, fact)| !kinds.iter().any(|kind| fact["kind"] == *kind));
        self
    }

    /// Adds a fact at the end, a moment after the last.
    pub fn add(&mut self, fact: Value) -> &mut Record {
        let at = self.facts.last().unwrap().0.clone();
        self.facts.push((at, fact));
        self
    }

    /// The file that `kanmon import` reads, with valid hashes.
    pub fn file(&self) -> String {
        let Record { app, release, facts } = self;
        let head = json!({ "v": 1, "kind": "kanmon-record", "app": app, "release": release, "events": facts.len() });
        let mut text = format!("{head}\n");
        let mut prev = "0".repeat(64);
        for (seq, (at, fact)) in (1..).zip(facts) {
            let payload = fact.to_string();
            let row = format!(
                "kanmon-event\n{EVENT_VERSION}\n{release}\n{seq}\n{at}\n{}\n{prev}",
                sha256_hex(payload.as_bytes())
            );
            let hash = sha256_hex(row.as_bytes());
            let row = json!({ "form": EVENT_VERSION, "seq": seq, "at": at, "prev": prev, "hash": hash });
            let row = row.to_string();
            text.push_str(&format!("{},\"payload\":{payload}}}\n", row.strip_suffix('}').unwrap()));
            prev = hash;
        }
        text
    }

    /// The events that kanmon reads.
    pub fn events(&self) -> Vec<Event> {
        let event = |(seq, (at, fact)): (u64, &(String, Value))| Event {
            v: EVENT_VERSION,
            seq,
            at: at.parse().unwrap(),
            release: self.release.parse().unwrap(),
            fact: serde_json::from_value(fact.clone()).unwrap(),
        };
        (1..).zip(&self.facts).map(event).collect()
    }

    /// Writes it into a state folder instead of everything there, as the attacker's own kanmon could.
    pub fn plant(&self, state: &Path) {
        for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            let _ = std::fs::remove_file(state.join(name));
        }
        self.add_to(state);
    }

    /// Adds it to a state folder.
    pub fn add_to(&self, state: &Path) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.append_to(state));
    }

    /// The same for an empty folder, from within a runtime.
    pub async fn append_to(&self, state: &Path) {
        {
            let journal = SqliteJournal::open(state).unwrap();
            let app: AppName = self.app.parse().unwrap();
            let release: ReleaseId = self.release.parse().unwrap();
            let fact = |value: &Value| serde_json::from_value::<Fact>(value.clone()).unwrap();
            let at = |text: &str| text.parse::<Timestamp>().unwrap();
            let (began, first) = &self.facts[0];
            let Fact::Started(started) = fact(first) else { panic!("a record begins with `started`") };
            let holder = this_process();
            let (lease, _) = journal.begin(&app, &release, fact(first), &holder, at(began)).await.unwrap();
            for stage in &started.pipeline.stages {
                journal.lock_stage(&app, &stage.name, &lease, None, at(began)).await.unwrap();
            }
            for (seq, (when, value)) in (1..).zip(&self.facts[1..]) {
                journal.append(&lease, seq, &[fact(value)], at(when)).await.unwrap();
            }
            journal.give_up(&lease).await.unwrap();
        }
    }
}
