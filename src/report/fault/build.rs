//! Images that cannot be built.

use super::{joined, listed};
use crate::model::fault::build::{BaseUnfit, BuildProblem, BuilderTrouble, Doing, LayerFlaw, LookedFor, Setting, Tree};
use crate::model::format;
use crate::model::platform::Platform;
use crate::report::words::Words;

pub fn words(problem: &BuildProblem) -> Words {
    match problem {
        BuildProblem::NoBuilder { looked_for, path } => {
            let names: Vec<&str> = looked_for.iter().map(|each| each.name.as_str()).collect();
            let why = |LookedFor { name, trouble }: &LookedFor| format!("{name}: {}", unusable(trouble));
            let each: Vec<String> = looked_for.iter().map(why).collect();
            Words::new(format!("no builder for a Dockerfile was found: looked for {}", joined(&names)))
                .cause(format!("{} (PATH is {path})", each.join("; ")))
                .hint("install one of them, or start its daemon")
                .hint("or build the image with `layers`, which needs no builder")
        }
        BuildProblem::BuildxMissing { platforms } => Words::new("docker needs buildx to build for several platforms")
            .cause(format!("platforms: {}", joined(platforms)))
            .hint("install docker-buildx, or use buildah, podman or `layers`"),
        BuildProblem::NotRunnable { program } => Words::new(format!("{program} cannot be run")),
        BuildProblem::Failed { program, doing, status } => Words::new(match doing {
            Doing::Build => format!("{program} could not build the image ({status})"),
            Doing::Push => format!("{program} could not push the image ({status})"),
        }),
        BuildProblem::PushDenied { program, status } => {
            Words::new(format!("the registry did not allow {program} to push ({status})"))
                .hint("check the login for this registry, and the repository's policy")
        }
        BuildProblem::TooLong { program, hours } => Words::new(format!("{program} did not end within {hours} hours")),
        BuildProblem::NeverBuilt => Words::new("this image is not built here")
            .cause("the pipeline file names no builder for it")
            .hint("give it with `--image NAME=REFERENCE`"),
        BuildProblem::OtherSource { image, release, was, is } => {
            let words =
                Words::new(format!("image {image} cannot be built here for {release}: the source is different"))
                    .cause(format!("the release was started from {}, but this is {}", tree(was), tree(is)));
            let words = match (&was.commit, was.dirty) {
                (Some(commit), false) => {
                    words.hint(format!("check out {} without changes", format::commit(commit, 12)))
                }
                (Some(_), true) | (None, _) => {
                    words.hint("continue in the working tree in which the release was started")
                }
            };
            words.hint("or make a new release")
        }
        BuildProblem::NoSource { image, release, started_until, until, given } => {
            let given: String = given.iter().map(|image| format!(" --image {image}")).collect();
            let again = format!("kanmon release --until {until}{given}");
            Words::new(format!("image {image} cannot be built for {release}: it was started without a source"))
                .cause(format!("every image that it needed up to {started_until} was given"))
                .hint(format!(
                    "make a new release: `{again}` builds {image} from the working tree; add `--image {image}=REFERENCE` \
                     to use an existing image"
                ))
        }
        BuildProblem::BaseUnfit { reference, why } => {
            Words::new(format!("the base image {reference} cannot be used")).cause(unfit(why))
        }
        BuildProblem::InvalidSetting { setting, value } => invalid(*setting, value),
        BuildProblem::PlatformsRepeated => {
            Words::new("an image needs at least one platform, and each platform only once")
        }
        BuildProblem::Empty => Words::new("the image would be empty").hint("name `files`, or a `base`"),
        BuildProblem::FileAsRoot { from } => {
            Words::new(format!("`{from}` is a file and cannot become the image's root"))
                .hint("let `to` end with the name of a file")
        }
        BuildProblem::FolderBecomesFile { path, to } => {
            Words::new(format!("{path} is a folder in the image, and would become a file"))
                .hint(format!("let `{to}` end with / to put the file into the folder"))
        }
        BuildProblem::TooManyLinks { path } => {
            Words::new(format!("{path} leads through too many links of the base image"))
                .hint("name a path without links in `to`")
        }
    }
}

fn unusable(trouble: &BuilderTrouble) -> String {
    match trouble {
        BuilderTrouble::NotInPath => "not in PATH".to_owned(),
        BuilderTrouble::NoDaemon { said } => said.clone().unwrap_or_else(|| "its daemon does not answer".to_owned()),
        BuilderTrouble::DaemonTooSlow { seconds } => format!("its daemon did not answer in {seconds} s"),
    }
}

fn tree(Tree { commit, dirty }: &Tree) -> String {
    let dirty = if *dirty { " with uncommitted changes" } else { "" };
    match commit {
        Some(commit) => format!("commit {}{dirty}", format::commit(commit, 12)),
        None => "no known commit".to_owned(),
    }
}

fn unfit(why: &BaseUnfit) -> String {
    match why {
        BaseUnfit::OtherPlatform { has, wanted } => format!("it is for {has}, not for {wanted}"),
        BaseUnfit::NoSuchPlatform { wanted, offered } => {
            format!("it has no {wanted}, only {}", platforms(offered, ", "))
        }
        BaseUnfit::IndexInIndex => "its index names another index for the platform".to_owned(),
        BaseUnfit::PartMissing { digest } => format!("its index names {digest}, which does not exist"),
        BaseUnfit::LayersMiscounted { layers, named } => {
            format!("it has {layers} layers, but its configuration lists {named}")
        }
        BaseUnfit::ConfigurationUnreadable => "its configuration cannot be read".to_owned(),
        BaseUnfit::ConfigurationNotAnObject => "its configuration is not a JSON object".to_owned(),
        BaseUnfit::LayerUnreadable { digest, flaw: None } => format!("its layer {} cannot be read", digest.short()),
        BaseUnfit::LayerUnreadable { digest, flaw: Some(flaw) } => {
            format!("its layer {} cannot be read: {}", digest.short(), layer(*flaw))
        }
    }
}

fn layer(flaw: LayerFlaw) -> String {
    match flaw {
        LayerFlaw::NotTar => "it is not a tar archive".to_owned(),
        LayerFlaw::NotZstd => "it continues with something that is not zstd".to_owned(),
        LayerFlaw::TooManyFiles => "it has more files than kanmon keeps in memory".to_owned(),
        LayerFlaw::PaxRecordsUnreadable => "its pax records cannot be read".to_owned(),
        LayerFlaw::ExtendedHeaderTooLarge { limit } => {
            format!("the extended header of an entry is larger than {limit} bytes")
        }
    }
}

pub(super) fn platforms(all: &[Platform], between: &str) -> String {
    let all: Vec<String> = all.iter().map(Platform::to_string).collect();
    if between == " and " { listed(&all) } else { all.join(between) }
}

fn invalid(setting: Setting, value: &str) -> Words {
    match setting {
        Setting::Platform => {
            Words::new(format!("`{value}` is not a valid platform")).hint("write OS/ARCHITECTURE, such as linux/amd64")
        }
        Setting::Port => Words::new(format!("`{value}` is not a valid port")).hint("write 8080, 8080/tcp or 53/udp"),
        Setting::VariableName => Words::new(format!("`{value}` is not a valid name of an environment variable")),
        Setting::WorkingDirectory => Words::new(format!("the working directory `{value}` is not an absolute path")),
        Setting::PlaceInImage => Words::new(format!("`{value}` is not an absolute path in an image"))
            .hint("write a path that starts with / and has no .."),
        Setting::SourceDateEpoch => {
            Words::new(format!("SOURCE_DATE_EPOCH is `{value}`, which is not a number of seconds"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::Digest;

    #[test]
    fn a_layer_that_cannot_be_read_is_described_by_its_flaw() {
        let all = [
            None,
            Some(LayerFlaw::NotTar),
            Some(LayerFlaw::NotZstd),
            Some(LayerFlaw::TooManyFiles),
            Some(LayerFlaw::PaxRecordsUnreadable),
            Some(LayerFlaw::ExtendedHeaderTooLarge { limit: 1 << 20 }),
        ];
        let line = |flaw| unfit(&BaseUnfit::LayerUnreadable { digest: Digest::of(b"layer"), flaw });
        insta::assert_snapshot!(all.map(line).join("\n"), @"
        its layer dac1d7cfa950 cannot be read
        its layer dac1d7cfa950 cannot be read: it is not a tar archive
        its layer dac1d7cfa950 cannot be read: it continues with something that is not zstd
        its layer dac1d7cfa950 cannot be read: it has more files than kanmon keeps in memory
        its layer dac1d7cfa950 cannot be read: its pax records cannot be read
        its layer dac1d7cfa950 cannot be read: the extended header of an entry is larger than 1048576 bytes
        ");
    }
}
