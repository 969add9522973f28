//! What `--help` and `help` print besides clap's own.

use crate::report::text::Text;
use crate::report::topics;

const FIRST: &str = "\
Getting started:
  kanmon demo       a whole release on the embedded AWS, in seconds
  kanmon check      is the pipeline file valid?
  kanmon plan       what would a release change?
  kanmon release    build, scan, and deploy stage by stage";

/// Below the help of kanmon itself, fitted to this width, in cells.
pub fn after(width: usize) -> Text {
    const TOPIC: &str = "  kanmon help TOPIC  ";
    let topics = format!("{TOPIC}{}", topics::names().collect::<Vec<_>>().join(", "));
    Text::from("More help:")
        .and(Text::from("  kanmon help VERB   what a command does, and its options"))
        .and(Text::prose(&topics, width, TOPIC.len() - 2))
        .and(Text::from(""))
        .and(Text::ours(FIRST))
}
