//! The services as they run, read as often as they change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::fault::Fault;
use crate::model::ids::{AccountName, ServiceName, StageName};
use crate::model::pipeline::Pipeline;
use crate::model::rollout::ServiceReading;
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;

/// Of a stage in which something is being changed. Tasks start within tens of seconds.
const BUSY: SignedDuration = SignedDuration::from_secs(5);
/// Of any other stage: its tasks change only where something fails or scales.
const QUIET: SignedDuration = SignedDuration::from_secs(30);
/// Of an account that cannot be read: permissions are rarely given while somebody waits.
const REFUSED: SignedDuration = SignedDuration::from_secs(60);
/// The most services that are read at a time. The rest waits for its turn, so that ECS is never asked more than a few times a second,
/// however many services there are.
pub const AT_ONCE: usize = 4;

/// A service of a stage.
pub type Place = (StageName, ServiceName);

/// A service as it was last read.
#[derive(Debug, Clone)]
pub struct LiveService {
    pub at: Timestamp,
    pub read: Result<ServiceReading, Fault>,
}

/// What has to be read, and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// The stages in which something is being changed.
    pub busy: Vec<StageName>,
    /// Whether the others are shown too.
    pub quiet: bool,
}

/// Decides which services to read next.
pub struct LiveSchedule {
    places: Vec<(Place, AccountName)>,
    read_at: BTreeMap<Place, Timestamp>,
    refused_at: BTreeMap<AccountName, Timestamp>,
}

impl LiveSchedule {
    pub fn new(pipeline: &Pipeline) -> LiveSchedule {
        let mut places = Vec::new();
        for stage in &pipeline.stages {
            let services: BTreeSet<&ServiceName> = stage.services().collect();
            places.extend(services.into_iter().map(|s| ((stage.name.clone(), s.clone()), stage.account.clone())));
        }
        LiveSchedule { places, read_at: BTreeMap::new(), refused_at: BTreeMap::new() }
    }

    /// The services that are due, those first that have waited longest.
    pub fn due(&self, interest: &Interest, now: Timestamp) -> Vec<Place> {
        let mut due: Vec<(Option<Timestamp>, &Place)> = self
            .places
            .iter()
            .filter(|(_, account)| self.refused_at.get(account).is_none_or(|at| now.duration_since(*at) >= REFUSED))
            .filter_map(|(place, _)| {
                let every = match (interest.busy.contains(&place.0), interest.quiet) {
                    (true, _) => BUSY,
                    (false, true) => QUIET,
                    (false, false) => return None,
                };
                let last = self.read_at.get(place).copied();
                last.is_none_or(|at| now.duration_since(at) >= every).then_some((last, place))
            })
            .collect();
        due.sort_by_key(|(last, _)| *last);
        due.into_iter().take(AT_ONCE).map(|(_, place)| place.clone()).collect()
    }

    /// Notes what a service's reading brought.
    pub fn read(&mut self, place: &Place, read: &LiveService) {
        self.read_at.insert(place.clone(), read.at);
        let account = self.places.iter().find(|(known, _)| known == place).map(|(_, account)| account.clone());
        if let (Some(account), Err(why)) = (account, &read.read)
            && why.kind().is_of_the_account()
        {
            self.refused_at.insert(account, read.at);
        }
    }
}

/// Reads a service of the pipeline.
pub async fn read(ports: &Ports, pipeline: &Pipeline, place: &Place) -> Option<LiveService> {
    let stage = pipeline.stage(&place.0)?;
    let read = ports.deployer.service(Cluster::of(pipeline, stage), stage.service_name(&place.1)).await;
    Some(LiveService { at: ports.clock.now(), read })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;
    use crate::model::fault::samples;
    use crate::model::release::samples::{at, id, pipeline};

    fn place(stage: &str) -> Place {
        (id(stage), id("web"))
    }

    fn refused(now: Timestamp) -> LiveService {
        LiveService { at: now, read: Err(samples::of(FaultKind::NotFound)) }
    }

    fn interest(busy: &[&str], quiet: bool) -> Interest {
        Interest { busy: busy.iter().map(|name| id(name)).collect(), quiet }
    }

    #[test]
    fn a_stage_in_which_something_changes_is_read_more_often_and_one_that_is_not_shown_not_at_all() {
        let mut schedule = LiveSchedule::new(&pipeline());
        let both = interest(&["dev"], true);
        assert_eq!(schedule.due(&both, at(0)), [place("dev"), place("prod")]);
        for stage in ["dev", "prod"] {
            schedule.read(&place(stage), &refused(at(0)));
        }
        assert_eq!(schedule.due(&both, at(4)), []);
        assert_eq!(schedule.due(&both, at(5)), [place("dev")]);
        assert_eq!(schedule.due(&both, at(30)).len(), 2);
        assert_eq!(schedule.due(&interest(&["dev"], false), at(30)), [place("dev")]);
        assert_eq!(schedule.due(&interest(&[], false), at(300)), []);
    }

    #[test]
    fn an_account_that_refuses_is_left_alone_for_a_while() {
        let mut schedule = LiveSchedule::new(&pipeline());
        let denied = LiveService { at: at(0), read: Err(samples::of(FaultKind::AccessDenied)) };
        schedule.read(&place("dev"), &denied);
        // Both stages are in one account.
        assert_eq!(schedule.due(&interest(&["dev"], true), at(59)), []);
        assert_eq!(schedule.due(&interest(&["dev"], true), at(60)), [place("prod"), place("dev")]);
    }

    #[test]
    fn many_services_take_turns() {
        let mut pipeline = pipeline();
        let name = |n: usize| -> ServiceName { id(&format!("s{n}")) };
        let spec = pipeline.services.values().next().unwrap().clone();
        pipeline.services.extend((0..20).map(|n| (name(n), spec.clone())));
        let services = (0..20).map(name).collect();
        pipeline.stages[0].steps = vec![crate::model::step::Step::Roll(crate::model::step::roll::Roll { services })];
        let mut schedule = LiveSchedule::new(&pipeline);
        let busy = interest(&["dev"], false);
        let mut seen = BTreeSet::new();
        for second in 0..5 {
            let due = schedule.due(&busy, at(second));
            assert_eq!(due.len(), AT_ONCE);
            for place in due {
                schedule.read(&place, &refused(at(second)));
                seen.insert(place);
            }
        }
        assert_eq!(seen.len(), 20, "each was read before any was read twice");
    }
}
