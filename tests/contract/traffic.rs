//! All traffic that the suites recorded, judged and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::errors;
use super::exchange::Exchange;
use super::judge::{Verdict, judge};
use super::models::Service;

/// The peer whose answers must be as in the models; differences of other peers are only reported.
const OURS: &str = "sandbox";

/// Members of RegisterTaskDefinition that ministack returns as null or an empty text instead of a value of an enum. kanmon registers what
/// it has read, so it sends them back. AWS leaves such members out.
const SENT_BACK: [&str; 5] = ["ephemeralStorage", "ipcMode", "pidMode", "proxyConfiguration", "runtimePlatform"];

/// The exchanges of one operation.
#[derive(Default)]
struct Row {
    exchanges: usize,
    /// Exchanges by client, and by peer.
    by: BTreeMap<String, usize>,
    codes: BTreeSet<String>,
}

/// Everything that was judged.
#[derive(Default)]
pub struct Traffic {
    rows: BTreeMap<String, Row>,
    messages: usize,
    /// The differences to the models and their number: of the sandbox and kanmon, and of emulators.
    pub disagreements: BTreeMap<String, usize>,
    pub peers: BTreeMap<String, usize>,
    /// The suites with recorded traffic.
    pub suites: BTreeSet<String>,
}

/// Judges all traffic in a folder.
pub fn read(models: &[Service], folder: &Path) -> Traffic {
    let mut traffic = Traffic::default();
    each(
        folder,
        |_| true,
        |suite, exchange| {
            traffic.add(judge(models, &exchange));
            traffic.suites.insert(suite.to_owned());
        },
    );
    traffic
}

/// Every exchange that these suites recorded in a folder.
pub fn each(folder: &Path, of: impl Fn(&str) -> bool, mut take: impl FnMut(&str, Exchange)) {
    let files = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = files.map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let suite = name.split('-').next().unwrap_or_default();
        if !of(suite) {
            continue;
        }
        let mut lines = BufReader::new(std::fs::File::open(&file).unwrap()).lines().map(Result::unwrap).peekable();
        while let Some(line) = lines.next() {
            match serde_json::from_str::<Exchange>(&line) {
                Ok(exchange) => take(suite, exchange),
                // Its writer was killed while writing it.
                Err(_) if lines.peek().is_none() => {}
                Err(e) => panic!("{name}: {e}: {line}"),
            }
        }
    }
}

impl Traffic {
    fn add(&mut self, verdict: Verdict) {
        self.messages += 1 + usize::from(verdict.code != "-");
        for (side, problem) in verdict.problems() {
            let handed_back = verdict.peer == "ministack"
                && verdict.operation == "ecs RegisterTaskDefinition"
                && SENT_BACK.contains(&problem.path.as_str());
            let asked_by_us = side == "request" && verdict.client == "kanmon" && !handed_back;
            let ours = verdict.peer == OURS || asked_by_us;
            let who = if side == "request" { verdict.client } else { verdict.peer.as_str() };
            let line = format!("{who}: {} {side}: {}: {}", verdict.operation, problem.path, problem.what);
            let list = if ours { &mut self.disagreements } else { &mut self.peers };
            *list.entry(line).or_default() += 1;
        }
        let row = self.rows.entry(verdict.operation).or_default();
        row.exchanges += 1;
        for by in [verdict.client, verdict.peer.as_str()] {
            *row.by.entry(by.to_owned()).or_default() += 1;
        }
        row.codes.insert(verdict.code);
    }

    /// How often a client requested an operation, `service Operation`.
    pub fn asked_by(&self, client: &str, operation: &str) -> usize {
        self.rows.get(operation).and_then(|row| row.by.get(client)).copied().unwrap_or_default()
    }

    /// A line per operation, with its exchanges and the differences.
    pub fn table(&self) -> String {
        let who = ["kanmon", "boto3", "aws", "others", "sandbox", "moto", "ministack"];
        let mut out = format!("{:<52} {:>9}", "operation", "exchanges");
        who.iter().for_each(|w| out.push_str(&format!(" {w:>9}")));
        out.push_str("  errors (-: the answer was lost)\n");
        let mut unknown = 0;
        for (operation, row) in &self.rows {
            if row.codes.iter().all(|code| errors::is_unknown_operation(code)) {
                unknown += 1;
                continue;
            }
            out.push_str(&format!("{operation:<52} {:>9}", row.exchanges));
            for w in who {
                let n = row.by.get(w).map_or("·".to_owned(), usize::to_string);
                out.push_str(&format!(" {n:>9}"));
            }
            let errors: Vec<&str> = row.codes.iter().map(String::as_str).filter(|code| *code != "OK").collect();
            out.push_str(&format!("  {}\n", errors.join(" ")));
        }
        for (what, list) in [("others' emulators differ", &self.peers), ("disagreements", &self.disagreements)] {
            if !list.is_empty() {
                out.push_str(&format!("{what}:\n"));
            }
            list.iter().for_each(|(line, n)| out.push_str(&format!("  {n:>6} × {line}\n")));
        }
        let known = self.rows.len() - unknown;
        let exchanges: usize = self.rows.values().map(|r| r.exchanges).sum();
        let suites: Vec<&str> = self.suites.iter().map(String::as_str).collect();
        out.push_str(&format!(
            "{unknown} more operations were asked for that nobody here has, and were answered as unknown ones\n\
             {known} operations, {exchanges} exchanges ({} messages) of {}: {} disagreements\n",
            self.messages,
            suites.join(", "),
            self.disagreements.values().sum::<usize>()
        ));
        out
    }
}
