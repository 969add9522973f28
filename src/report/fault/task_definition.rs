//! Task definitions that cannot be created, registered or run.

use super::build::platforms;
use super::joined;
use crate::model::fault::task_definition::{OtherPlatformImage, TaskDefinitionProblem};
use crate::model::nearest::nearest;
use crate::report::words::Words;

pub fn words(problem: &TaskDefinitionProblem) -> Words {
    match problem {
        TaskDefinitionProblem::NotAnObject => Words::new("the task definition is not a JSON object"),
        TaskDefinitionProblem::NoContainers => Words::new("the task definition has no `containerDefinitions`"),
        TaskDefinitionProblem::NoFamily => Words::new("the task definition has no `family`"),
        TaskDefinitionProblem::NoContainer { stage, workload, container, there } => {
            let words = Words::new(format!("the task definition of {stage}/{workload} has no container `{container}`"));
            let words = match nearest(container, there.iter().map(String::as_str)) {
                Some(near) => words.hint(format!("did you mean `{near}`?")),
                None => words,
            };
            words.hint(format!("name one of its containers: {}", joined(there)))
        }
        TaskDefinitionProblem::ContainerUnnamed => Words::new("the task definition has a container without a name"),
        TaskDefinitionProblem::ContainerTwice { container } => {
            Words::new(format!("the task definition has two containers named `{container}`"))
        }
        TaskDefinitionProblem::TooManyTags { stage, workload, from, others, most, ours } => {
            let some = if others == most { "one tag" } else { "some tags" };
            Words::new(format!("the task definition of {stage}/{workload} has too many tags to be registered"))
                .cause(format!("{from} has {others}, kanmon adds one of its own (`{ours}`), and ECS allows {most}"))
                .hint(format!("remove {some} from {from}"))
        }
        TaskDefinitionProblem::NotAsPlanned { stage, workload } => {
            Words::new(format!("the task definition of {stage}/{workload} is no longer the one that was planned"))
                .cause("a template or its values were changed")
                .hint("make a new release")
        }
        TaskDefinitionProblem::Unplanned { container } => {
            Words::new(format!("the plan lacks container {container}, which the file does not name"))
                .hint("make a new release")
        }
        TaskDefinitionProblem::OtherPlatform { stage, workload, wanted, image, offered } => Words::new(format!(
            "the task definition of {stage}/{workload} is for {wanted}, but {} is for {}",
            offering(image),
            platforms(offered, " and ")
        ))
        .hint(format!("build the image for {wanted} (`platforms` of the image)"))
        .hint("or change `runtimePlatform` of the task definition"),
        TaskDefinitionProblem::Unscannable { stage, workload, container, image, into } => {
            let accounts = match into {
                Some(account) => format!("account {account}, into which the stage copies its images"),
                None => "the file's accounts".to_owned(),
            };
            Words::new(format!(
                "container {container} of {stage}/{workload} would run {image}, which is not in a repository of \
                 {accounts}: it cannot be scanned"
            ))
            .hint(
                "copy the image into a repository of the stage's account, and use that reference in the task definition",
            )
        }
        TaskDefinitionProblem::Template { path, stage, line } => {
            let words = Words::new(format!("`{path}` does not make a valid task definition for stage {stage}"));
            match line {
                Some(line) => words.cause(format!("line {line}")),
                None => words,
            }
        }
    }
}

fn offering(image: &OtherPlatformImage) -> String {
    match image {
        OtherPlatformImage::Name(name) => format!("image {name}"),
        OtherPlatformImage::Repository(repository) => repository.clone(),
    }
}
