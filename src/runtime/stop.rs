//! How a process is asked to stop.

use tokio::sync::watch;

/// The side that asks.
#[derive(Clone)]
pub struct Stopper(watch::Sender<bool>);

/// The side that is asked.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

pub fn channel() -> (Stopper, Stop) {
    let (tx, rx) = watch::channel(false);
    (Stopper(tx), Stop(rx))
}

impl Stopper {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is asked; never, if nobody can ask any more.
    pub async fn requested(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
