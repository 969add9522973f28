//! Lifecycle stages of a service deployment, in their order.

use jiff::SignedDuration;

/// `lifecycleStage`, and the stages at which hooks run (`DeploymentLifecycleHookStage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LifecycleStage {
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
/// A stage without a wait.
pub const BETWEEN: SignedDuration = SignedDuration::from_secs(2);
/// Until new weights of a listener rule have reached all of a load balancer.
pub const SHIFT: SignedDuration = SignedDuration::from_secs(10);
/// Until more than one active revision is brought back to one.
pub const RECONCILE: SignedDuration = SignedDuration::from_secs(5);

impl LifecycleStage {
    pub const ALL: [LifecycleStage; 11] = [
        LifecycleStage::ReconcileService,
        LifecycleStage::PreScaleUp,
        LifecycleStage::ScaleUp,
        LifecycleStage::PostScaleUp,
        LifecycleStage::TestTrafficShift,
        LifecycleStage::PostTestTrafficShift,
        LifecycleStage::PreProductionTrafficShift,
        LifecycleStage::ProductionTrafficShift,
        LifecycleStage::PostProductionTrafficShift,
        LifecycleStage::BakeTime,
        LifecycleStage::CleanUp,
    ];

    pub fn name(self) -> &'static str {
        match self {
            LifecycleStage::ReconcileService => "RECONCILE_SERVICE",
            LifecycleStage::PreScaleUp => "PRE_SCALE_UP",
            LifecycleStage::ScaleUp => "SCALE_UP",
            LifecycleStage::PostScaleUp => "POST_SCALE_UP",
            LifecycleStage::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            LifecycleStage::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            LifecycleStage::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            LifecycleStage::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            LifecycleStage::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            LifecycleStage::BakeTime => "BAKE_TIME",
            LifecycleStage::CleanUp => "CLEAN_UP",
        }
    }

    /// Whether hooks run at it.
    pub fn takes_hooks(self) -> bool {
        !matches!(self, LifecycleStage::ScaleUp | LifecycleStage::BakeTime | LifecycleStage::CleanUp)
    }

    /// Whether a deployment can pause at it: not while traffic is shifting.
    pub fn takes_pause(self) -> bool {
        self.takes_hooks() && !matches!(self, LifecycleStage::TestTrafficShift | LifecycleStage::ProductionTrafficShift)
    }
}
