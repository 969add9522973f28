//! Lifecycle stages of a service deployment, in their order.

use jiff::SignedDuration;

/// `lifecycleStage`, and the stages at which hooks run (`DeploymentLifecycleHookStage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    /// Hooks run at it, before each shift. The model's `ServiceDeploymentLifecycleStage` has no such value (its
    /// documentation does): meanwhile a service deployment shows the stage it comes from.
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

// Nominal times; AWS publishes none.
/// A stage that has nothing to wait for.
pub const BETWEEN: SignedDuration = SignedDuration::from_secs(2);
/// Until new weights of a listener rule have reached all of a load balancer.
pub const SHIFT: SignedDuration = SignedDuration::from_secs(10);
/// Until more than one active revision is brought back to one.
pub const RECONCILE: SignedDuration = SignedDuration::from_secs(5);

impl Stage {
    pub const ALL: [Stage; 11] = [
        Stage::ReconcileService,
        Stage::PreScaleUp,
        Stage::ScaleUp,
        Stage::PostScaleUp,
        Stage::TestTrafficShift,
        Stage::PostTestTrafficShift,
        Stage::PreProductionTrafficShift,
        Stage::ProductionTrafficShift,
        Stage::PostProductionTrafficShift,
        Stage::BakeTime,
        Stage::CleanUp,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Stage::ReconcileService => "RECONCILE_SERVICE",
            Stage::PreScaleUp => "PRE_SCALE_UP",
            Stage::ScaleUp => "SCALE_UP",
            Stage::PostScaleUp => "POST_SCALE_UP",
            Stage::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Stage::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Stage::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Stage::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Stage::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Stage::BakeTime => "BAKE_TIME",
            Stage::CleanUp => "CLEAN_UP",
        }
    }

    /// Whether hooks run at it.
    pub fn takes_hooks(self) -> bool {
        !matches!(self, Stage::ScaleUp | Stage::BakeTime | Stage::CleanUp)
    }

    /// Whether a deployment can pause at it: not while traffic is on its way.
    pub fn takes_pause(self) -> bool {
        self.takes_hooks() && !matches!(self, Stage::TestTrafficShift | Stage::ProductionTrafficShift)
    }
}
