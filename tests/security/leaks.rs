//! Looks for secrets in everything that a run leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Secrets by name, in every form in which a program may write them.
#[derive(Default)]
pub struct Secrets(BTreeMap<String, Vec<String>>);

impl Secrets {
    pub fn add(&mut self, name: impl Into<String>, value: &str) {
        assert!(value.len() >= 8, "a secret this short is found everywhere");
        let percent: String = value
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        let json = serde_json::Value::from(value).to_string();
        let forms = [
            value.to_owned(),
            json[1..json.len() - 1].to_owned(),
            percent,
            STANDARD.encode(value),
            URL_SAFE_NO_PAD.encode(value),
            // The form of Rust's `Debug` for bytes.
            format!("{:?}", value.as_bytes()).trim_matches(['[', ']']).to_owned(),
            value.bytes().map(|b| format!("{b:02x}")).collect(),
        ];
        self.0.entry(name.into()).or_default().extend(forms);
    }

    /// The same, and in the form of Basic authentication.
    pub fn add_login(&mut self, name: impl Into<String>, user: &str, password: &str) {
        let name = name.into();
        self.add(format!("{name}, with its user"), &format!("{user}:{password}"));
        self.add(name, password);
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names of the secrets in these bytes, plain or compressed.
    fn within(&self, bytes: &[u8]) -> Vec<&str> {
        let mut plain = Vec::new();
        // Truncated data is decompressed as far as it goes.
        let _ = flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut plain);
        // The secrets are ASCII, so bytes around them that are not text can be lost.
        let texts = [bytes, &plain].map(String::from_utf8_lossy);
        let holds = |form: &String| texts.iter().any(|text| text.contains(form));
        self.0.iter().filter(|(_, forms)| forms.iter().any(holds)).map(|(name, _)| name.as_str()).collect()
    }
}

/// What was searched, and what was found there.
pub struct Search<'s> {
    secrets: &'s Secrets,
    pub places: usize,
    pub bytes: usize,
    pub found: Vec<String>,
}

impl<'s> Search<'s> {
    pub fn new(secrets: &'s Secrets) -> Search<'s> {
        Search { secrets, places: 0, bytes: 0, found: Vec::new() }
    }

    pub fn look(&mut self, place: &str, bytes: &[u8]) {
        self.places += 1;
        self.bytes += bytes.len();
        self.found.extend(self.secrets.within(bytes).into_iter().map(|name| format!("{place}: {name}")));
    }

    /// Searches every file below a folder byte for byte, except those in `except`; in SQLite files also every value of every table.
    pub fn look_below(&mut self, folder: &Path, except: &[&str]) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if except.iter().any(|e| path.ends_with(e)) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                self.look_below(&path, except);
            } else if entry.file_type().unwrap().is_file() {
                self.look(&path.display().to_string(), &std::fs::read(&path).unwrap());
                if path.extension().is_some_and(|e| e == "db") {
                    self.look_into_tables(&path);
                }
            }
        }
    }

    fn look_into_tables(&mut self, file: &Path) {
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables: Vec<String> = tables.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(!tables.is_empty(), "{} has no tables", file.display());
        for table in tables {
            let mut rows = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = row.get_ref(column).unwrap() {
                        self.look(&format!("{}, table {table}", file.display()), bytes);
                    }
                }
            }
        }
    }

    #[track_caller]
    pub fn finds_nothing(self) {
        assert!(self.places > 0 && self.bytes > 0, "nothing was searched");
        assert_eq!(self.found, Vec::<String>::new(), "secrets leaked");
    }
}

/// Reads the command lines of a run's processes repeatedly, as any user of the machine may. A marker in their environment distinguishes
/// them from those of other tests, whose sandboxes create the same passwords.
pub struct ProcessObserver {
    seen: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    rounds: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ProcessObserver {
    pub fn start(marker: &str) -> ProcessObserver {
        let marker = marker.to_owned();
        let (seen, rounds, stop) = (Arc::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (see, round, stopped): (Arc<Mutex<BTreeSet<Vec<u8>>>>, _, _) =
            (Arc::clone(&seen), rounds.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for process in std::fs::read_dir("/proc").unwrap().flatten() {
                    // A process that has ended meanwhile has none.
                    let read = |what: &str| std::fs::read(process.path().join(what)).unwrap_or_default();
                    if String::from_utf8_lossy(&read("environ")).contains(&marker) {
                        see.lock().unwrap().insert(read("cmdline"));
                    }
                }
                round.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        ProcessObserver { seen, rounds, stop, thread: Some(thread) }
    }

    /// Waits until every process that runs now was seen.
    pub fn observe_all(&self) {
        let now = self.rounds.load(Ordering::Relaxed);
        while self.rounds.load(Ordering::Relaxed) < now + 2 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends; returns every command line that it saw, with its words separated by NUL.
    pub fn end(mut self) -> BTreeSet<Vec<u8>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Drop for ProcessObserver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

mod tests {
    use std::io::Write as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    const PLANTED: &str = "planted/secret+of=the\"test";

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add("planted", PLANTED);
        secrets.add_login("login", "AWS", "a-password-of-its-own");
        secrets
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_place() {
        let secrets = secrets();
        let found = |text: &str| !secrets.within(text.as_bytes()).is_empty();
        let json = serde_json::json!({ "value": PLANTED }).to_string();
        let basic = STANDARD.encode("AWS:a-password-of-its-own");
        for text in [
            format!("an error that quotes {PLANTED}!"),
            json,
            format!("Basic {basic}"),
            STANDARD.encode(PLANTED),
            "planted%2Fsecret%2Bof%3Dthe%22test".to_owned(),
            format!("body: {:?}", PLANTED.as_bytes()),
        ] {
            assert!(found(&text), "not found in {text}");
        }
        assert!(!found("planted/secret"));
    }

    #[test]
    fn a_secret_is_found_in_a_compressed_value_of_a_database() {
        let secrets = secrets();
        let folder = tempfile::tempdir().unwrap();
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(format!("{}{PLANTED}", "noise ".repeat(500)).as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        std::fs::create_dir(folder.path().join("state")).unwrap();
        let db = Connection::open(folder.path().join("state/journal.db")).unwrap();
        db.execute_batch("CREATE TABLE chunks (bytes BLOB)").unwrap();
        db.execute("INSERT INTO chunks VALUES (?1)", [packed]).unwrap();
        drop(db);
        let mut search = Search::new(&secrets);
        search.look_below(folder.path(), &[]);
        let place = format!("{}, table chunks: planted", folder.path().join("state/journal.db").display());
        assert_eq!(search.found, [place]);
    }

    #[test]
    fn a_secret_is_found_in_the_command_line_of_a_process() {
        let secrets = secrets();
        let (onlooker, blind) = (ProcessObserver::start("an-onlookers-test"), ProcessObserver::start("another-test"));
        // The name of a process is a word of its command line like any other.
        let mut child = Command::new("sleep")
            .arg0(PLANTED)
            .arg("30")
            .env("MARKER", "an-onlookers-test")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        onlooker.observe_all();
        blind.observe_all();
        child.kill().unwrap();
        child.wait().unwrap();
        let mut search = Search::new(&secrets);
        onlooker.end().iter().for_each(|line| search.look("a command line", line));
        assert_eq!(search.found, ["a command line: planted"]);
        assert!(blind.end().is_empty(), "it saw a process of another test");
    }
}
