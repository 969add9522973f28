//! The commit of sources that CodeBuild got without a repository: CodePipeline passes them as a ZIP file without `.git`.

use crate::model::event::{Source, SourceNamedBy};

/// Set in every build of CodeBuild.
const BUILD: &str = "CODEBUILD_BUILD_ID";
/// The commit of a Git repository, also where CodePipeline passed a ZIP file of it. Of another source it is that source's own version.
const COMMIT: &str = "CODEBUILD_RESOLVED_SOURCE_VERSION";
/// The lengths of a commit's name: SHA-1 and SHA-256, in hex digits. A version in S3 has another form.
const LENGTHS: [usize; 2] = [40, 64];

/// What CodeBuild reports about its source, in a build.
pub fn source(variable: impl Fn(&str) -> Option<String>) -> Option<Source> {
    variable(BUILD).filter(|id| !id.is_empty())?;
    let commit = variable(COMMIT).filter(|version| is_commit(version))?;
    Some(Source { commit: Some(commit), named_by: SourceNamedBy::CodeBuild, ..Source::default() })
}

fn is_commit(version: &str) -> bool {
    LENGTHS.contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(set: &[(&str, &str)]) -> Option<Source> {
        source(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_build_names_the_commit_of_its_source() {
        let sha256 = format!("{SHA1}0123456789abcdef01234567");
        for commit in [SHA1, &sha256] {
            let found = read(&[(BUILD, "hello:0a1b"), (COMMIT, commit)]).unwrap();
            assert_eq!((found.commit.as_deref(), found.named_by), (Some(commit), SourceNamedBy::CodeBuild));
        }
    }

    #[rstest]
    #[case::outside_a_build(&[(COMMIT, SHA1)])]
    #[case::in_an_empty_build(&[(BUILD, ""), (COMMIT, SHA1)])]
    #[case::without_a_version(&[(BUILD, "hello:0a1b")])]
    #[case::with_a_version_of_s3(&[(BUILD, "hello:0a1b"), (COMMIT, "L4kqtJlcpXroDTDmpUMLUo_3sHTcqJ9vbXu6s7")])]
    #[case::with_a_digest(&[(BUILD, "hello:0a1b"), (COMMIT, "sha256:0123456789abcdef0123456789abcdef01234567")])]
    #[case::with_a_branch(&[(BUILD, "hello:0a1b"), (COMMIT, "main")])]
    fn there_is_no_commit(#[case] set: &[(&str, &str)]) {
        assert_eq!(read(set), None);
    }
}
