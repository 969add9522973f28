//! The topics of `kanmon help TOPIC`: sections of README.md, so that nothing is written twice.

use super::markdown;
use super::paint::Paint;
use super::text::Text;

const README: &str = include_str!("../../README.md");

/// A section of README.md under a short name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    pub name: &'static str,
    /// What it explains, a clause.
    pub about: &'static str,
    /// The heading's line in README.md; what is below it belongs to the topic, with the headings of a lower level.
    heading: &'static str,
}

/// In the order in which they are listed.
pub const TOPICS: &[Topic] = &[
    Topic {
        name: "start",
        about: "the first pipeline, from its prerequisites to production",
        heading: "## The first real pipeline, step by step",
    },
    Topic { name: "permissions", about: "the IAM policies of both sides", heading: "### 3. Grant the permissions" },
    Topic {
        name: "approvals",
        about: "who may approve, what is approved, and what makes an approval void",
        heading: "### 6. Approve, from another terminal",
    },
    Topic { name: "images", about: "how images are built, copied and named", heading: "## Images" },
    Topic { name: "gate", about: "the keys of the gate", heading: "## The gate" },
    Topic {
        name: "steps",
        about: "tasks, rollouts and checks of a stage, and when they are rolled back",
        heading: "## Steps of a stage",
    },
    Topic { name: "freeze", about: "freezing a stage, forcing, and locks", heading: "## Freezing a stage" },
    Topic { name: "state", about: "where the record is, who can read it, and tables in DynamoDB", heading: "## State" },
    Topic {
        name: "codepipeline",
        about: "the two builds, and the approval between them",
        heading: "## Inside CodePipeline",
    },
    Topic { name: "ci", about: "GitHub Actions and GitLab CI", heading: "## GitHub Actions and GitLab CI" },
    Topic {
        name: "accounts",
        about: "what the set-up of the accounts has to prevent",
        heading: "## What the set-up of the accounts has to prevent",
    },
    Topic {
        name: "completions",
        about: "help, completions of shells, and manual pages",
        heading: "## Help, completions and manual pages",
    },
    Topic { name: "environment", about: "the variables that kanmon reads", heading: "## Environment" },
    Topic { name: "file", about: "every key of the pipeline file", heading: "## Every key of the pipeline file" },
    Topic { name: "sandbox", about: "the AWS inside the binary", heading: "## The sandbox" },
    Topic { name: "codes", about: "every exit code and every code of the JSON output", heading: "## Exit codes" },
];

/// Their names.
pub fn names() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|topic| topic.name)
}

/// The topic of this name.
pub fn named(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

impl Topic {
    /// For a terminal of this width, in cells.
    pub fn text(&self, paint: Paint, width: usize) -> Text {
        markdown::text(&self.markdown(), paint, width)
    }

    /// As it is in README.md.
    pub fn markdown(&self) -> String {
        let own = level(self.heading);
        let mut fenced = false;
        let below = README.lines().skip_while(|line| *line != self.heading).skip(1).take_while(|line| {
            fenced ^= line.trim_start().starts_with("```");
            fenced || !line.starts_with('#') || level(line) > own
        });
        std::iter::once(self.heading).chain(below).collect::<Vec<_>>().join("\n")
    }
}

fn level(heading: &str) -> usize {
    heading.bytes().take_while(|b| *b == b'#').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::wrap::cells;

    #[test]
    fn every_topic_is_a_section_of_the_readme() {
        for topic in TOPICS {
            let headings = README.lines().filter(|line| *line == topic.heading).count();
            assert_eq!(headings, 1, "README.md has no heading `{}`", topic.heading);
            assert!(topic.markdown().lines().count() > 5, "{}", topic.name);
        }
    }

    #[test]
    fn a_topic_ends_before_the_next_heading_of_its_level() {
        let start = named("start").unwrap().markdown();
        assert!(start.contains("### 7. Continue, look, stop") && !start.contains("## Freezing a stage"), "{start}");
        // A comment of a shell block is no heading.
        let state = named("state").unwrap().markdown();
        assert!(state.contains("kanmon import release.jsonl") && !state.contains("## Inside"), "{state}");
    }

    #[test]
    fn every_section_of_the_readme_about_the_use_of_kanmon_is_in_a_topic() {
        let in_topics: String = TOPICS.iter().map(Topic::markdown).collect();
        let others = ["## Two commands", "## Not implemented yet", "## More"];
        let missing: Vec<_> =
            README.lines().filter(|l| l.starts_with("## ") && !others.contains(l) && !in_topics.contains(l)).collect();
        assert!(missing.is_empty(), "no topic has {missing:?}");
    }

    #[test]
    fn no_markup_is_left_and_every_line_fits_unless_it_is_to_be_copied() {
        for topic in TOPICS {
            for width in [60, 100] {
                let text = topic.text(Paint(false), width).shown();
                let outside: Vec<&str> = text.lines().filter(|line| !line.starts_with("      ")).collect();
                for line in &outside {
                    assert!(!line.contains("](") && !line.contains("**") && !line.starts_with('#'), "{line}");
                }
                let long: Vec<_> = outside
                    .iter()
                    .filter(|line| cells(line) > width && line.trim().split(' ').any(|word| cells(word) + 8 < width))
                    .filter(|line| !line.contains('`') && !line.contains("://"))
                    .collect();
                assert!(long.is_empty(), "{} at {width}: {long:#?}", topic.name);
            }
        }
    }
}
