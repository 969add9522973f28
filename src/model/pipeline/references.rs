//! Checks the names by which the parts of a pipeline refer to each other. A file's are checked where it is resolved, with their lines; a
//! record's are checked here, because whoever can write the state can write any.

use super::{Pipeline, Stage};
use crate::model::approval::ApprovalWay;
use crate::model::ids::{AccountName, ImageName, ServiceName, TaskName};
use crate::model::unresolved::Unresolved;

impl Pipeline {
    /// Checks that every name that its parts use exists.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check_references(&self) -> Result<(), Unresolved> {
        if self.stages.is_empty() {
            return Err(Unresolved::NoStages);
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
                return Err(Unresolved::RepeatedStage(stage.name.clone()));
            }
            self.has_all_of(stage)?;
        }
        Ok(())
    }

    fn has_all_of(&self, stage: &Stage) -> Result<(), Unresolved> {
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
    /// Where the account does not exist; likewise below.
    pub fn has_account(&self, name: &AccountName) -> Result<(), Unresolved> {
        check(self.accounts.contains_key(name), || Unresolved::Account(name.clone()))
    }

    pub fn has_image(&self, name: &ImageName) -> Result<(), Unresolved> {
        check(self.images.contains_key(name), || Unresolved::Image(name.clone()))
    }

    pub fn has_service(&self, name: &ServiceName) -> Result<(), Unresolved> {
        check(self.services.contains_key(name), || Unresolved::Service(name.clone()))
    }

    pub fn has_task(&self, name: &TaskName) -> Result<(), Unresolved> {
        check(self.tasks.contains_key(name), || Unresolved::Task(name.clone()))
    }
}

fn check(exists: bool, missing: impl FnOnce() -> Unresolved) -> Result<(), Unresolved> {
    if exists { Ok(()) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pipeline::{ApprovalPolicy, State};
    use crate::model::release::samples::{id, pipeline};
    use crate::model::step::Step;
    use crate::model::step::check::Check;
    use crate::model::step::roll::Roll;

    fn broken(change: impl Fn(&mut Pipeline)) -> Unresolved {
        let mut pipeline = pipeline();
        assert_eq!(pipeline.check_references(), Ok(()));
        change(&mut pipeline);
        pipeline.check_references().unwrap_err()
    }

    #[test]
    fn every_name_that_does_not_exist_is_found() {
        let (other, web) = (id::<AccountName>("other"), id::<ServiceName>("web"));
        assert_eq!(broken(|p| p.stages.clear()), Unresolved::NoStages);
        assert_eq!(broken(|p| p.stages[1].name = id("dev")), Unresolved::RepeatedStage(id("dev")));
        assert_eq!(broken(|p| p.stages[1].account = other.clone()), Unresolved::Account(id("other")));
        assert_eq!(
            broken(|p| p.images.values_mut().for_each(|i| i.account = other.clone())),
            Unresolved::Account(id("other"))
        );
        assert_eq!(broken(|p| p.images.clear()), Unresolved::Image(id("web")));
        assert_eq!(broken(|p| drop(p.services.remove(&web))), Unresolved::Service(id("web")));
        assert_eq!(broken(|p| p.tasks.clear()), Unresolved::Task(id("migrate")));
        let service = |p: &mut Pipeline| p.stages[0].steps = vec![Step::Roll(Roll { services: vec![id("none")] })];
        assert_eq!(broken(service), Unresolved::Service(id("none")));
        let task =
            |p: &mut Pipeline| p.tasks.values_mut().for_each(|t| t.containers = [("a".into(), id("none"))].into());
        assert_eq!(broken(task), Unresolved::Image(id("none")));
        let check = |p: &mut Pipeline| {
            let timeout = p.poll;
            p.stages[0].steps.push(Step::Check(Check::Command { argv: vec![], timeout, account: Some(id("none")) }));
        };
        assert_eq!(broken(check), Unresolved::Account(id("none")));
        let asked = |p: &mut Pipeline| {
            let policy = p.stages[1].approval.take().unwrap();
            let way = ApprovalWay::CodePipeline { pipeline: "p".into(), action: "a".into(), account: id("none") };
            p.stages[1].approval = Some(ApprovalPolicy { way, ..policy });
        };
        assert_eq!(broken(asked), Unresolved::Account(id("none")));
    }

    #[test]
    fn the_location_of_the_state_is_not_checked_in_a_record() {
        let elsewhere = State::DynamoDb { account: id("other"), table: "kanmon".into() };
        assert_eq!(Pipeline { state: elsewhere, ..pipeline() }.check_references(), Ok(()));
    }
}
