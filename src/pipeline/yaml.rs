//! YAML as a tree with the position of everything, so that all mistakes are reported and not only the first.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle};

use super::diagnostics::{Mistake, Span};
use super::lookalike;

/// A pipeline file has some hundred nodes; this stops aliases of aliases ("billion laughs").
const MAX_NODES: usize = 20_000;
/// Far more than any pipeline or values file has.
pub const MAX_BYTES: usize = 1 << 20;

#[derive(Debug, Clone)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub enum Kind {
    /// `plain`: without quotes, so that it may be a number, a boolean or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub struct Key {
    pub name: String,
    pub span: Span,
}

/// What a scalar is by YAML's core schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Null,
    Bool,
    Integer,
    Float,
    Text,
}

impl Node {
    /// The value of a key, where this is a mapping that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.name == name).map(|(_, v)| v)
    }

    /// The key itself.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.entries().iter().find(|(k, _)| k.name == name).map(|(k, _)| k)
    }

    /// Keys and values; none where this is not a mapping.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::List(_) | Kind::Scalar { .. } => &[],
        }
    }

    /// The items of a list, or the single value in place of a list.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Map(_) | Kind::Scalar { .. } => std::slice::from_ref(self),
        }
    }

    /// What a scalar is; `None` for lists and mappings.
    pub fn scalar(&self) -> Option<(&str, Type)> {
        match &self.kind {
            Kind::Scalar { text, plain: false } => Some((text, Type::Text)),
            Kind::Scalar { text, plain: true } => Some((text, plain_type(text))),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// A text: quoted, or plain and nothing else.
    pub fn text(&self) -> Option<&str> {
        self.scalar().filter(|(_, t)| *t == Type::Text).map(|(s, _)| s)
    }

    /// A string, number or boolean as it was written.
    pub fn written(&self) -> Option<&str> {
        self.scalar().filter(|(_, t)| *t != Type::Null).map(|(s, _)| s)
    }

    pub fn integer<T: std::str::FromStr>(&self) -> Option<T> {
        self.scalar().filter(|(_, t)| *t == Type::Integer).and_then(|(s, _)| s.parse().ok())
    }

    pub fn boolean(&self) -> Option<bool> {
        self.scalar().filter(|(_, t)| *t == Type::Bool).map(|(s, _)| s.eq_ignore_ascii_case("true"))
    }

    /// In words, for "found …".
    pub fn describe(&self) -> String {
        match self.scalar() {
            Some((_, Type::Null)) => "nothing".into(),
            Some((s, Type::Integer | Type::Float)) => format!("the number {s}"),
            Some((s, Type::Bool)) => format!("the boolean {s}"),
            Some((s, Type::Text)) => format!("the string {s:?}"),
            None => match self.kind {
                Kind::List(_) => "a list".into(),
                Kind::Map(_) | Kind::Scalar { .. } => "a mapping".into(),
            },
        }
    }
}

/// YAML 1.2's core schema for what is not quoted.
fn plain_type(text: &str) -> Type {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Type::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Type::Bool,
        _ if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Type::Integer,
        _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits.contains(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
            && text.parse::<f64>().is_ok() =>
        {
            Type::Float
        }
        _ => Type::Text,
    }
}

/// The only document of a file. A syntax error ends the reading; everything else is collected in `mistakes`.
pub fn parse(text: &str, mistakes: &mut Vec<Mistake>) -> Option<Node> {
    if text.len() > MAX_BYTES {
        mistakes.push(Mistake::new(Span::default(), "this file is larger than 1 MiB"));
        return None;
    }
    let mut tree = Builder { mistakes, stack: Vec::new(), anchors: HashMap::new(), nodes: 0, document: None };
    for event in Parser::new_from_str(text) {
        let handled = match event {
            Ok((event, span)) => tree.handle(event, convert(span)),
            Err(e) => {
                let at = Span { line: e.marker().line(), column: e.marker().col() + 1, length: 1 };
                Err(match lookalike::in_yaml(text, at.line) {
                    Some((found, name)) => {
                        // One mistake for one character.
                        tree.mistakes.retain(|m| m.span != found);
                        Mistake::new(found, format!("{name} is outside of quotes here")).hint(format!(
                            "YAML allows only ASCII there (line {}: {})",
                            at.line,
                            e.info()
                        ))
                    }
                    None => Mistake::new(at, format!("this is not YAML: {}", e.info())),
                })
            }
        };
        if let Err(mistake) = handled {
            tree.mistakes.push(mistake);
            return None;
        }
    }
    let document = tree.document;
    if document.is_none() {
        mistakes.push(Mistake::new(Span::default(), "this file is empty"));
    }
    document
}

fn convert(span: granit_parser::Span) -> Span {
    // A caret stays in one line: a value of several lines is marked at its beginning.
    let length = if span.end.line() == span.start.line() { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    Span { line: span.start.line(), column: span.start.col() + 1, length }
}

enum Open {
    List(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, key: Option<Key> },
}

struct Frame {
    open: Open,
    span: Span,
    anchor: usize,
    first: usize,
}

struct Builder<'m> {
    mistakes: &'m mut Vec<Mistake>,
    stack: Vec<Frame>,
    /// Anchored nodes, with the number of their nodes.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    document: Option<Node>,
}

impl Builder<'_> {
    fn handle(&mut self, event: Event<'_>, span: Span) -> Result<(), Mistake> {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Comment(..) | Event::Anchor(..) => {
                Ok(())
            }
            Event::DocumentStart(..) if self.document.is_some() => {
                Err(Mistake::new(span, "a second document begins here").hint("write one pipeline per file"))
            }
            Event::DocumentStart(..) => Ok(()),
            Event::UnresolvedAlias(name) => Err(Mistake::new(span, format!("there is no anchor `{name}` above"))),
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id) else {
                    return Err(Mistake::new(span, "this alias is inside the value that it refers to"));
                };
                self.nodes += size;
                if self.nodes > MAX_NODES {
                    return Err(Mistake::new(span, "the aliases of this file expand to too many values"));
                }
                let node = node.clone();
                self.place(node, span)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(span)?;
                self.tagged(tag.is_some(), span);
                let plain = matches!(style, ScalarStyle::Plain);
                if plain {
                    self.edges(&text, span);
                }
                // A missing value has no position: its key's is used.
                let span = match self.stack.last() {
                    Some(Frame { open: Open::Map { key: Some(key), .. }, .. }) if plain && span.length == 0 => key.span,
                    _ => span,
                };
                let node = Node { span, kind: Kind::Scalar { text: text.into_owned(), plain } };
                if anchor != 0 {
                    self.anchors.insert(anchor, (node.clone(), 1));
                }
                self.place(node, span)
            }
            Event::SequenceStart(_, anchor, tag) => self.open(Open::List(Vec::new()), span, anchor, tag.is_some()),
            Event::MappingStart(_, anchor, tag) => {
                self.open(Open::Map { entries: Vec::new(), key: None }, span, anchor, tag.is_some())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else { return Ok(()) };
                let kind = match frame.open {
                    Open::List(items) => Kind::List(items),
                    Open::Map { entries, .. } => Kind::Map(entries),
                };
                let node = Node { span: frame.span, kind };
                if frame.anchor != 0 {
                    self.anchors.insert(frame.anchor, (node.clone(), self.nodes - frame.first));
                }
                self.place(node, frame.span)
            }
            // Events are added for presentation only, as comments were.
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open, span: Span, anchor: usize, tagged: bool) -> Result<(), Mistake> {
        let first = self.nodes;
        self.count(span)?;
        self.tagged(tagged, span);
        self.stack.push(Frame { open, span: Span { length: 1, ..span }, anchor, first });
        Ok(())
    }

    fn count(&mut self, span: Span) -> Result<(), Mistake> {
        self.nodes += 1;
        match self.nodes > MAX_NODES {
            true => Err(Mistake::new(span, format!("this file has more than {MAX_NODES} keys and values"))),
            false => Ok(()),
        }
    }

    fn tagged(&mut self, tagged: bool, span: Span) {
        if tagged {
            let mistake = Mistake::new(span, "tags (`!…`) are not supported");
            self.mistakes.push(mistake.hint("remove the tag; quote a value that must be a string"));
        }
    }

    /// In YAML a non-ASCII space is part of an unquoted word, but a reader does not see it.
    fn edges(&mut self, text: &str, span: Span) {
        let first = text.chars().next().map(|c| (0, c));
        let last = text.chars().last().map(|c| (text.chars().count() - 1, c));
        if let Some((at, c)) = [first, last].into_iter().flatten().find(|(_, c)| lookalike::is_blank(*c)) {
            let name = lookalike::name(c).unwrap_or_else(|| "a non-ASCII space".to_owned());
            let at = Span { column: span.column + at, length: 1, ..span };
            self.mistakes.push(
                Mistake::new(at, format!("{name} is at the edge of `{}`", text.trim()))
                    .hint("remove it, or quote the string if it is intended"),
            );
        }
    }

    fn place(&mut self, node: Node, at: Span) -> Result<(), Mistake> {
        match self.stack.last_mut().map(|f| &mut f.open) {
            None => self.document = Some(node),
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map { entries, key }) => match key.take() {
                None => {
                    let Some(name) = node.written().map(str::to_owned) else {
                        return Err(Mistake::new(at, format!("a key must be a string, found {}", node.describe())));
                    };
                    *key = Some(Key { name, span: at });
                }
                Some(new) => match entries.iter().find(|(k, _)| k.name == new.name) {
                    Some((first, _)) => self.mistakes.push(
                        Mistake::new(new.span, format!("key `{}` is given twice", new.name))
                            .hint(format!("the first is in line {}", first.span.line)),
                    ),
                    None => entries.push((new, node)),
                },
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<Node>, Vec<String>) {
        let mut mistakes = Vec::new();
        let node = parse(text, &mut mistakes);
        (node, mistakes.iter().map(|m| format!("{}:{} {}", m.span.line, m.span.column, m.message)).collect())
    }

    #[test]
    fn keys_and_values_have_their_positions() {
        let (node, mistakes) = parsed("a:\n  b: [1, \"two\"]\nc:\n");
        let node = node.unwrap();
        assert_eq!(mistakes, Vec::<String>::new());
        let b = node.get("a").unwrap().get("b").unwrap();
        assert_eq!(b.items()[1].span, Span { line: 2, column: 10, length: 5 });
        assert_eq!(b.items()[1].text(), Some("two"));
        assert_eq!(node.get("c").unwrap().span, Span { line: 3, column: 1, length: 1 });
    }

    #[test]
    fn a_quoted_number_is_a_string() {
        for (text, is) in [
            ("012", Type::Integer),
            ("-1", Type::Integer),
            ("1.50", Type::Float),
            ("1e3", Type::Float),
            ("1.2.3", Type::Text),
            ("1-2", Type::Text),
            ("'12'", Type::Text),
            ("yes", Type::Text),
            ("true", Type::Bool),
            ("~", Type::Null),
            ("-", Type::Text),
        ] {
            let (node, _) = parsed(&format!("a: {text}"));
            match node.as_ref().and_then(|n| n.get("a")).and_then(Node::scalar) {
                Some((_, t)) => assert_eq!(t, is, "{text}"),
                None => assert_eq!(text, "-", "only a lone dash is a list"),
            }
        }
    }

    #[test]
    fn a_repeated_key_is_reported_and_the_rest_is_read() {
        let (node, mistakes) = parsed("a: 1\nb: 2\na: 3\n");
        assert_eq!(mistakes, ["3:1 key `a` is given twice"]);
        assert_eq!(node.unwrap().get("a").unwrap().integer::<u32>(), Some(1));
    }

    #[test]
    fn aliases_repeat_what_they_name() {
        let (node, mistakes) = parsed("a: &x [1, 2]\nb: *x\n");
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(node.unwrap().get("b").unwrap().items().len(), 2);
    }

    #[test]
    fn a_billion_laughs_end_early() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let one = format!("*a{}", i - 1);
            text += &format!("a{i}: &a{i} [{}]\n", vec![one; 10].join(", "));
        }
        let (node, mistakes) = parsed(&text);
        assert!(node.is_none());
        assert!(mistakes[0].contains("expand to too many values"), "{mistakes:?}");
    }

    #[test]
    fn an_alias_of_itself_is_a_mistake() {
        let (node, mistakes) = parsed("a: &a [*a]\n");
        assert!(node.is_none());
        assert_eq!(mistakes.len(), 1);
    }

    #[test]
    fn deep_nesting_is_refused_without_harm() {
        let (node, mistakes) = parsed(&"[".repeat(100_000));
        assert!(node.is_none());
        assert_eq!(mistakes.len(), 1);
    }

    #[test]
    fn empty_files_and_second_documents_are_reported() {
        assert_eq!(parsed("").1, ["0:0 this file is empty"]);
        assert_eq!(parsed("a: 1\n---\nb: 2\n").1, ["2:1 a second document begins here"]);
    }
}
