//! A JUnit file as its readers need it. CodeBuild, GitLab and Jenkins have no common schema (Jenkins' `junit-10.xsd` is the nearest to
//! one), but they agree on what is checked here.

use std::collections::{BTreeMap, BTreeSet};

use kanmon::model::outcome::Outcome;
use roxmltree::Node;

#[derive(Debug)]
pub struct Junit {
    pub suites: Vec<Suite>,
}

#[derive(Debug)]
pub struct Suite {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub cases: Vec<Case>,
}

#[derive(Debug)]
pub struct Case {
    pub name: String,
    /// In seconds.
    pub time: f64,
    pub result: Result,
    /// Its own output.
    pub out: String,
}

/// With the message that is shown for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Result {
    Passed,
    Failure(String),
    Error(String),
    Skipped(String),
}

/// Reads a document, and checks that it has what its readers need.
#[track_caller]
pub fn read(text: &str) -> Junit {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{e}:\n{text}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    has(root, &["name"], &["tests", "failures", "errors", "skipped", "disabled", "time", "timestamp"]);
    let suites: Vec<Suite> = elements(root).map(suite).collect();
    counts(root, suites.iter().flat_map(|s| &s.cases));
    Junit { suites }
}

fn suite(node: Node<'_, '_>) -> Suite {
    assert_eq!(node.tag_name().name(), "testsuite");
    has(node, &["name", "tests", "failures", "errors", "skipped", "time"], &["timestamp"]);
    seconds(node);
    let at = node.attribute("timestamp").map(str::parse::<jiff::Timestamp>);
    assert!(at.as_ref().is_none_or(|read| read.is_ok()), "{at:?}");
    in_order(node, &["properties", "testcase", "system-out", "system-err"]);
    let named = |tag: &'static str| elements(node).filter(move |n| n.tag_name().name() == tag);
    let properties = named("properties").flat_map(elements).map(|n| {
        has(n, &["name", "value"], &[]);
        (n.attribute("name").unwrap().to_owned(), n.attribute("value").unwrap().to_owned())
    });
    let properties = properties.collect();
    let cases: Vec<Case> = named("testcase").map(case).collect();
    counts(node, cases.iter());
    let mut seen = BTreeSet::new();
    for case in named("testcase") {
        let key = (case.attribute("classname"), case.attribute("name"));
        assert!(seen.insert(key), "GitLab leaves out the second of the same name: {key:?}");
    }
    Suite { name: node.attribute("name").unwrap().to_owned(), properties, cases }
}

fn case(node: Node<'_, '_>) -> Case {
    has(node, &["name", "classname", "time"], &[]);
    in_order(node, &["failure error skipped", "system-out", "system-err"]);
    let mut result = Result::Passed;
    let mut out = String::new();
    for child in elements(node) {
        let text = child.text().unwrap_or_default();
        let tag = child.tag_name().name();
        if tag == "system-out" {
            out = text.to_owned();
            continue;
        }
        assert_eq!(result, Result::Passed, "one result per case");
        has(child, &["message", "type"], &[]);
        let message = child.attribute("message").unwrap().to_owned();
        assert!(!message.is_empty() && !text.is_empty(), "{tag} of {:?} says why", node.attribute("name"));
        result = match tag {
            "failure" => Result::Failure(message),
            "error" => Result::Error(message),
            _ => Result::Skipped(message),
        };
    }
    Case { name: node.attribute("name").unwrap().to_owned(), time: seconds(node), result, out }
}

/// It has the attributes `needed`, may have `more`, and has no others.
fn has(node: Node<'_, '_>, needed: &[&str], more: &[&str]) {
    let names: Vec<&str> = node.attributes().map(|a| a.name()).collect();
    let tag = node.tag_name().name();
    assert!(needed.iter().all(|n| names.contains(n)), "{tag} has only {names:?}");
    assert!(names.iter().all(|n| needed.contains(n) || more.contains(n)), "{tag} has {names:?}");
}

/// It has children of these kinds only, in this order, and at most one of each kind except cases.
fn in_order(node: Node<'_, '_>, kinds: &[&str]) {
    let place = |n: Node<'_, '_>| {
        let name = n.tag_name().name().to_owned();
        kinds
            .iter()
            .position(|k| k.split(' ').any(|k| k == name))
            .unwrap_or_else(|| panic!("<{name}> is not one of {kinds:?}"))
    };
    let places: Vec<usize> = elements(node).map(place).collect();
    assert!(places.windows(2).all(|w| w[0] < w[1] || (w[0] == w[1] && kinds[w[0]] == "testcase")), "{places:?}");
}

fn counts<'a>(node: Node<'_, '_>, cases: impl Iterator<Item = &'a Case> + Clone) {
    let count = |is: fn(&Result) -> bool| cases.clone().filter(|c| is(&c.result)).count().to_string();
    let said = ["tests", "failures", "errors", "skipped"].map(|n| node.attribute(n).unwrap_or_default().to_owned());
    let is = [
        count(|_| true),
        count(|r| matches!(r, Result::Failure(_))),
        count(|r| matches!(r, Result::Error(_))),
        count(|r| matches!(r, Result::Skipped(_))),
    ];
    assert_eq!(said, is, "{:?}", node.attribute("name"));
}

fn seconds(node: Node<'_, '_>) -> f64 {
    let time = node.attribute("time").unwrap();
    let seconds: f64 = time.parse().unwrap_or_else(|e| panic!("{time}: {e}"));
    assert!(seconds.is_finite() && seconds >= 0.0, "{time}");
    seconds
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

impl Junit {
    #[track_caller]
    pub fn case(&self, suite: &str, case: &str) -> &Case {
        let found = self.suites.iter().filter(|s| s.name == suite).flat_map(|s| &s.cases).find(|c| c.name == case);
        found.unwrap_or_else(|| panic!("no case `{case}` in {suite}:\n{}", self.lines()))
    }

    #[track_caller]
    pub fn result(&self, suite: &str, case: &str) -> &Result {
        &self.case(suite, case).result
    }

    /// A line for each case.
    pub fn lines(&self) -> String {
        let mut lines = String::new();
        for (suite, case) in self.suites.iter().flat_map(|s| s.cases.iter().map(move |c| (s, c))) {
            let (sign, why) = match &case.result {
                Result::Passed => ('✓', ""),
                Result::Failure(why) => ('✗', why.as_str()),
                Result::Error(why) => ('?', why.as_str()),
                Result::Skipped(why) => ('·', why.as_str()),
            };
            let why = if why.is_empty() { String::new() } else { format!(" | {why}") };
            lines.push_str(&format!("{sign} {}: {}{why}\n", suite.name, case.name));
        }
        lines
    }

    pub fn is_red(&self) -> bool {
        let red = |c: &Case| matches!(c.result, Result::Failure(_) | Result::Error(_));
        self.suites.iter().flat_map(|s| &s.cases).any(red)
    }

    /// If the release succeeded, every stage up to the last one is green; if it failed, something is red.
    #[track_caller]
    pub fn agrees(&self, outcome: Outcome, until: &str) {
        if outcome.is_success() {
            let last = self.suites.iter().position(|s| s.name == until).expect("the last stage");
            let all = self.suites[..=last].iter().flat_map(|s| &s.cases).all(|c| c.result == Result::Passed);
            assert!(all && !self.is_red(), "{outcome:?}:\n{}", self.lines());
        } else if outcome != Outcome::Suspended {
            assert!(self.is_red(), "{outcome:?}:\n{}", self.lines());
        }
    }
}
