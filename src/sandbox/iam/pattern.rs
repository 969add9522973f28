//! IAM's wildcards: `*` is any string, `?` one character.

/// Whether the whole string matches the pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut pi, mut ti) = (0, 0);
    // The last star, and how far the text had come there: on a mismatch the star takes one character more.
    let mut star: Option<(usize, usize)> = None;
    while ti < t.len() {
        if pi < p.len() && (p[pi] == '?' || (p[pi] == t[ti] && p[pi] != '*')) {
            (pi, ti) = (pi + 1, ti + 1);
        } else if pi < p.len() && p[pi] == '*' {
            star = Some((pi, ti));
            pi += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (pi, ti) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    p[pi..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_backtrack_and_question_marks_take_one() {
        assert!(matches("*", ""));
        assert!(matches("arn:aws:ecr:*:*:repository/a*b", "arn:aws:ecr:r:1:repository/axxbyb"));
        assert!(!matches("arn:aws:ecr:*:*:repository/a*b", "arn:aws:ecr:r:1:repository/axxbyc"));
        assert!(matches("ecs:Describe?asks", "ecs:DescribeTasks"));
        assert!(!matches("ecs:Describe?asks", "ecs:Describeasks"));
        assert!(matches("a**", "a"));
    }
}
