//! Mutations of the inputs of a corpus.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// The largest input: larger ones are slow and find nothing that smaller ones do not find.
const LARGEST: usize = 64 * 1024;

/// Words with a meaning in some format, and numbers at the limits of types.
const WORDS: [&str; 48] = [
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "é",
    "null",
    "true",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    ":",
    ": ",
    ",",
    "\n",
    "\r\n",
    "\t",
    "  - ",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "? ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "#",
    "%YAML 1.2\n",
    "'",
    "{{ ",
    " }}",
    "{% for x in range(9999) %}",
    "{% endfor %}",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "0.1",
    "sha256:",
];

/// One of the corpus with one to eight changes.
pub fn mutate(corpus: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let mut input = corpus[rng.random_range(0..corpus.len())].clone();
    for _ in 0..rng.random_range(1..=8) {
        change(&mut input, corpus, rng);
        input.truncate(LARGEST);
    }
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut StdRng) {
    if input.is_empty() {
        input.extend_from_slice(word(rng));
        return;
    }
    let at = rng.random_range(0..input.len());
    let length = rng.random_range(1..=(input.len() - at).min(64));
    match rng.random_range(0..10) {
        0 => input[at] ^= 1 << rng.random_range(0..8),
        1 => input[at] = rng.random(),
        2 => drop(input.drain(at..at + length)),
        3 => input.truncate(at),
        4 => insert(input, at, word(rng)),
        5 => {
            let word = word(rng);
            drop(input.splice(at..at + length.min(word.len()), word.iter().copied()));
        }
        // Repetition: deep nesting, and duplicate names.
        6 => {
            let piece = input[at..at + length].to_vec().repeat(rng.random_range(1..=64));
            insert(input, at, &piece);
        }
        7 => {
            let piece = word(rng).repeat(rng.random_range(1..=2000));
            insert(input, at, &piece);
        }
        // A part of another input.
        8 => {
            let other = &corpus[rng.random_range(0..corpus.len())];
            if !other.is_empty() {
                let from = rng.random_range(0..other.len());
                let to = rng.random_range(from..=other.len());
                insert(input, at, &other[from..to]);
            }
        }
        // A line is moved.
        _ => {
            let text = input.clone();
            let mut lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
            let line = lines.remove(rng.random_range(0..lines.len()));
            if rng.random_range(0..3) > 0 {
                lines.insert(rng.random_range(0..=lines.len()), line);
            }
            *input = lines.concat();
        }
    }
}

fn word(rng: &mut StdRng) -> &'static [u8] {
    WORDS[rng.random_range(0..WORDS.len())].as_bytes()
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    drop(input.splice(at..at, piece.iter().copied()));
}
