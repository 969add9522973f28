//! How long a registry may take. Its answers' silence is bounded by the client (`wire::READ_TIMEOUT`); a peer that sends a byte now and
//! then never times out, so each answer and each transfer has its own time limit as well.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::request_error::RequestError;
use crate::model::fault::registry::Awaited;

/// What a session allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From a request to its answer's head, redirects included.
    pub answer: Duration,
    /// How long a transfer may make no progress.
    pub idle: Duration,
    /// What every transfer may take, whatever its size.
    pub grace: Duration,
    /// The slowest line on which a transfer still counts as running.
    pub bytes_per_second: u64,
}

impl Limits {
    /// - `answer`: ECR checks every layer of a manifest before it answers, which takes seconds; twice what may pass in silence.
    /// - `idle`: an upload's last bytes may lie in buffers of this machine (some MB, a minute on the slowest line), and a registry
    ///   hashes 10 GB in about a minute before it answers.
    /// - `grace`: the same wait at an upload's end, for a small blob.
    /// - `bytes_per_second`: half a megabit, a tenth of a poor mobile line; 1 GB may take four and a half hours.
    pub const USUAL: Limits = Limits {
        answer: Duration::from_secs(120),
        idle: Duration::from_secs(120),
        grace: Duration::from_secs(120),
        bytes_per_second: 64 * 1024,
    };

    /// Waits for an answer's head.
    ///
    /// # Errors
    /// `TimedOut` where it does not come in time.
    pub async fn answered<T>(&self, request: impl Future<Output = Result<T, RequestError>>) -> Result<T, RequestError> {
        ends_in(self.answer, Awaited::Answer, request).await
    }

    /// Carries out a transfer of this many bytes.
    ///
    /// # Errors
    /// `TimedOut` where it does not end in the time that its size allows.
    pub async fn transferred<T>(
        &self,
        size: u64,
        transfer: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let whole = self.grace + Duration::from_secs(size / self.bytes_per_second);
        ends_in(whole, Awaited::TransferEnd, transfer).await
    }

    /// The same for an upload, which counts what it has sent.
    ///
    /// # Errors
    /// `TimedOut` also where nothing is sent for as long as it may make no progress.
    pub async fn uploaded<T>(
        &self,
        size: u64,
        sent: &Sent,
        upload: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let no_progress = async {
            let mut before = sent.bytes();
            loop {
                tokio::time::sleep(self.idle).await;
                let now = sent.bytes();
                if now == before {
                    return;
                }
                before = now;
            }
        };
        self.transferred(size, async {
            tokio::select! {
                biased;
                done = upload => done,
                () = no_progress => Err(late(Awaited::UploadProgress, self.idle)),
            }
        })
        .await
    }
}

/// How much of an upload was read for sending.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

async fn ends_in<T>(
    limit: Duration,
    awaited: Awaited,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late(awaited, limit)))
}

fn late(awaited: Awaited, limit: Duration) -> RequestError {
    RequestError::TimedOut { awaited, seconds: limit.as_secs() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late<T: std::fmt::Debug>(ended: Result<T, RequestError>) -> (Awaited, u64) {
        match ended {
            Err(RequestError::TimedOut { awaited, seconds }) => (awaited, seconds),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_without_progress_ends_long_before_its_time_limit() {
        let forever = std::future::pending::<Result<(), RequestError>>();
        let ended = Limits::USUAL.uploaded(100 << 30, &Sent::default(), forever).await;
        assert_eq!(late(ended), (Awaited::UploadProgress, 120));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_upload_ends_at_the_time_limit_for_its_size() {
        let sent = Sent::default();
        let trickle = async {
            loop {
                tokio::time::sleep(Duration::from_secs(50)).await;
                sent.add(1);
            }
        };
        let ended = Limits::USUAL.uploaded(64 * 1024 * 1000, &sent, trickle).await as Result<(), RequestError>;
        assert_eq!(late(ended), (Awaited::TransferEnd, 1120));
    }
}
