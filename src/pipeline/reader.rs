//! What every reader of a section uses: the document, the repository, and the list of mistakes.
//!
//! The form (keys, types, spellings) was checked before by `shape`. Readers return `None` for what has the wrong form, and report only
//! what `shape` cannot check.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::diagnostics::{Diagnostic, Mistake, Source, Span};
use super::files::Root;
use super::yaml::{Key, Node};
use super::{templates, text};
use crate::model::ids::IdError;
use crate::model::pipeline::FileRef;
use crate::report::{ids, nearest};

pub struct Reader<'a> {
    pub document: &'a Node,
    pub root: &'a Root,
    pub mistakes: Vec<Mistake>,
    /// Mistakes in other files.
    pub elsewhere: Vec<Diagnostic>,
    /// Warnings, in this file and in others.
    pub warnings: Vec<Mistake>,
    pub warnings_elsewhere: Vec<Diagnostic>,
    /// Templates and values by path, each read once.
    pub templates: BTreeMap<String, Source>,
    pub values: BTreeMap<String, templates::Values>,
}

/// The sections that define names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Accounts,
    Images,
    Services,
    Tasks,
}

impl Section {
    pub fn key(self) -> &'static str {
        match self {
            Section::Accounts => "accounts",
            Section::Images => "images",
            Section::Services => "services",
            Section::Tasks => "tasks",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Section::Accounts => "account",
            Section::Images => "image",
            Section::Services => "service",
            Section::Tasks => "task",
        }
    }
}

impl Reader<'_> {
    pub fn say(&mut self, span: Span, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, message));
    }

    pub fn say_hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, message).hint(hint));
    }

    /// Parses a text as one of the model's ids.
    pub fn id<T: FromStr<Err = IdError>>(&mut self, text: &str, span: Span) -> Option<T> {
        text.parse().map_err(|e: IdError| self.say(span, ids::sentence(&e))).ok()
    }

    /// Parses a key as a name.
    pub fn key<T: FromStr<Err = IdError>>(&mut self, key: &Key) -> Option<T> {
        self.id(&key.name, key.span)
    }

    /// Parses a name that must be defined in this section.
    pub fn refer<T: FromStr>(&mut self, section: Section, node: &Node) -> Option<T> {
        self.refer_text(section, node.text()?, node.span)
    }

    pub fn refer_text<T: FromStr>(&mut self, section: Section, text: &str, span: Span) -> Option<T> {
        let defined = self.document.get(section.key());
        let names: Vec<&str> = defined.map_or(&[][..], Node::entries).iter().map(|(k, _)| k.name.as_str()).collect();
        if names.contains(&text) {
            return text.parse().ok();
        }
        // A section that is missing or not a mapping was reported already.
        if !names.is_empty() || (section == Section::Tasks && defined.is_none()) {
            let message = format!("there is no {} `{text}`", section.one());
            let hint = nearest::hint(text, names).unwrap_or_else(|| format!("define it under `{}`", section.key()));
            self.say_hint(span, message, hint);
        }
        None
    }

    /// A template, remembered for rendering.
    pub fn template(&mut self, node: &Node) -> Option<FileRef> {
        let (file, text) = self.text_file(node)?;
        self.templates.insert(file.path.clone(), Source { file: file.path.clone(), text });
        Some(file)
    }

    /// A stage's values, remembered for rendering.
    pub fn values(&mut self, node: &Node) -> Option<FileRef> {
        let (file, text) = self.text_file(node)?;
        if !self.values.contains_key(&file.path) {
            let source = Source { file: file.path.clone(), text };
            match templates::values(&source.text) {
                Ok(values) => {
                    self.values.insert(file.path.clone(), values);
                }
                Err(mistakes) => {
                    // Values may be secret: their lines are named, not shown.
                    let source = Source { text: String::new(), ..source };
                    self.elsewhere.extend(mistakes.into_iter().map(|m| source.diagnose(m)));
                    return None;
                }
            }
        }
        Some(file)
    }

    fn text_file(&mut self, node: &Node) -> Option<(FileRef, String)> {
        let (file, bytes) = self.path(node, Root::file)?;
        match text::decode(&bytes) {
            Ok(text) => Some((file, text)),
            Err(mistake) => {
                let source = Source { file: file.path, text: String::new() };
                self.elsewhere.push(source.diagnose(mistake));
                None
            }
        }
    }

    /// Looks up a path of the repository.
    pub fn path<T>(
        &mut self,
        node: &Node,
        look: impl Fn(&Root, &str) -> Result<T, super::files::FileProblem>,
    ) -> Option<T> {
        self.path_text(node.text()?, node.span, look)
    }

    pub fn path_text<T>(
        &mut self,
        text: &str,
        span: Span,
        look: impl Fn(&Root, &str) -> Result<T, super::files::FileProblem>,
    ) -> Option<T> {
        look(self.root, text).map_err(|p| self.mistakes.push(Mistake { span, message: p.message, hint: p.hint })).ok()
    }

    /// Texts of a list, as written.
    pub fn words(node: Option<&Node>) -> Vec<String> {
        node.map_or(&[][..], Node::items).iter().filter_map(|n| n.written().map(str::to_owned)).collect()
    }

    /// A mapping of texts, as written.
    pub fn table(node: Option<&Node>) -> BTreeMap<String, String> {
        let entries = node.map_or(&[][..], Node::entries);
        entries.iter().filter_map(|(k, v)| Some((k.name.clone(), v.written()?.to_owned()))).collect()
    }

    /// A URL of a web server, without credentials in it.
    pub fn url(&mut self, node: &Node) -> Option<String> {
        let text = node.text()?;
        let problem = match reqwest::Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => "it must begin with https:// or http://".into(),
            Err(_) if !text.contains("://") => "it must begin with https:// or http://".into(),
            Err(e) => e.to_string(),
            Ok(url) if url.host_str().is_none_or(str::is_empty) => "it has no host".into(),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => "it contains credentials".into(),
            Ok(_) => return Some(text.to_owned()),
        };
        self.say_hint(
            node.span,
            format!("`{text}` is not a URL: {problem}"),
            "write a URL such as https://dev.example.com/healthz",
        );
        None
    }
}
