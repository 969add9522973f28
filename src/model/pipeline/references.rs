//! The names by which the parts of a pipeline refer to each other. A file's are checked where it is resolved, with their lines; a record's
//! here, since whoever writes the state can write any.

use std::fmt::Display;

use super::{Pipeline, Stage};
use crate::model::approval::ApprovalWay;
use crate::model::ids::{AccountName, ImageName, ServiceName, TaskName};

/// A name that the pipeline does not have, as a sentence.
type Missing = String;

impl Pipeline {
    /// Whether every name that its parts use is there.
    ///
    /// # Errors
    /// The first that is not.
    pub fn holds_together(&self) -> Result<(), Missing> {
        if self.stages.is_empty() {
            return Err("the pipeline has no stage".to_owned());
        }
        for image in self.images.values() {
            self.has_account(&image.account)?;
        }
        for service in self.services.values() {
            service.containers.values().try_for_each(|image| self.has_image(image))?;
        }
        for task in self.tasks.values() {
            task.containers.values().try_for_each(|image| self.has_image(image))?;
            self.has_service(&task.network_of)?;
        }
        for (n, stage) in self.stages.iter().enumerate() {
            if self.stages[..n].iter().any(|other| other.name == stage.name) {
                return Err(format!("the pipeline has stage {} twice", stage.name));
            }
            self.has_all_of(stage)?;
        }
        Ok(())
    }

    fn has_all_of(&self, stage: &Stage) -> Result<(), Missing> {
        self.has_account(&stage.account)?;
        match stage.approval.as_ref().map(|policy| &policy.way) {
            Some(ApprovalWay::CodePipeline { account, .. }) => self.has_account(account)?,
            Some(ApprovalWay::Kanmon) | None => {}
        }
        for step in &stage.steps {
            step.task().map_or(Ok(()), |task| self.has_task(task))?;
            step.services().iter().try_for_each(|service| self.has_service(service))?;
            step.account().map_or(Ok(()), |account| self.has_account(account))?;
        }
        Ok(())
    }

    /// # Errors
    /// Where there is no such account; the same for the others below.
    pub fn has_account(&self, name: &AccountName) -> Result<(), Missing> {
        there(self.accounts.contains_key(name), "account", name)
    }

    pub fn has_image(&self, name: &ImageName) -> Result<(), Missing> {
        there(self.images.contains_key(name), "image", name)
    }

    pub fn has_service(&self, name: &ServiceName) -> Result<(), Missing> {
        there(self.services.contains_key(name), "service", name)
    }

    pub fn has_task(&self, name: &TaskName) -> Result<(), Missing> {
        there(self.tasks.contains_key(name), "task", name)
    }
}

fn there(is: bool, what: &str, name: impl Display) -> Result<(), Missing> {
    if is { Ok(()) } else { Err(format!("the pipeline has no {what} {name}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pipeline::{ApprovalPolicy, State};
    use crate::model::release::samples::{id, pipeline};
    use crate::model::step::Step;
    use crate::model::step::check::Check;
    use crate::model::step::roll::Roll;

    fn broken(change: impl Fn(&mut Pipeline)) -> String {
        let mut pipeline = pipeline();
        assert_eq!(pipeline.holds_together(), Ok(()));
        change(&mut pipeline);
        pipeline.holds_together().unwrap_err()
    }

    #[test]
    fn every_name_that_leads_nowhere_is_found() {
        let (other, web) = (id::<AccountName>("other"), id::<ServiceName>("web"));
        assert_eq!(broken(|p| p.stages.clear()), "the pipeline has no stage");
        assert_eq!(broken(|p| p.stages[1].name = id("dev")), "the pipeline has stage dev twice");
        assert_eq!(broken(|p| p.stages[1].account = other.clone()), "the pipeline has no account other");
        assert_eq!(
            broken(|p| p.images.values_mut().for_each(|i| i.account = other.clone())),
            "the pipeline has no account other"
        );
        assert_eq!(broken(|p| p.images.clear()), "the pipeline has no image web");
        assert_eq!(broken(|p| drop(p.services.remove(&web))), "the pipeline has no service web");
        assert_eq!(broken(|p| p.tasks.clear()), "the pipeline has no task migrate");
        let service = |p: &mut Pipeline| p.stages[0].steps = vec![Step::Roll(Roll { services: vec![id("none")] })];
        assert_eq!(broken(service), "the pipeline has no service none");
        let task =
            |p: &mut Pipeline| p.tasks.values_mut().for_each(|t| t.containers = [("a".into(), id("none"))].into());
        assert_eq!(broken(task), "the pipeline has no image none");
        let check = |p: &mut Pipeline| {
            let timeout = p.poll;
            p.stages[0].steps.push(Step::Check(Check::Command { argv: vec![], timeout, account: Some(id("none")) }));
        };
        assert_eq!(broken(check), "the pipeline has no account none");
        let asked = |p: &mut Pipeline| {
            let policy = p.stages[1].approval.take().unwrap();
            let way = ApprovalWay::CodePipeline { pipeline: "p".into(), action: "a".into(), account: id("none") };
            p.stages[1].approval = Some(ApprovalPolicy { way, ..policy });
        };
        assert_eq!(broken(asked), "the pipeline has no account none");
    }

    #[test]
    fn where_its_state_is_kept_is_the_files_own_matter() {
        let elsewhere = State::DynamoDb { account: id("other"), table: "kanmon".into() };
        assert_eq!(Pipeline { state: elsewhere, ..pipeline() }.holds_together(), Ok(()));
    }
}
