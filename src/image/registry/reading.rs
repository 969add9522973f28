//! Reading a blob as it comes.

use std::io::Read;

use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::runtime::Handle;

use super::Repository;
use super::blobs::{COPY_WINDOW, pour};
use super::request_error::Nature;
use super::retry::with_retries;
use crate::image::manifest::Descriptor;
use crate::model::fault::Fault;
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::fault::registry::Work;

impl Repository<'_> {
    /// What `reader` makes of a blob, which it is given a window at a time; only what the digest vouches for counts.
    ///
    /// # Errors
    /// `NotFound`, `AccessDenied`, `Unreachable`, `Throttled`, `Invalid` where it is not what its descriptor says. What the reader
    /// itself finds wrong is in its own answer.
    pub async fn read_blob<T: Send + 'static>(
        &self,
        blob: &Descriptor,
        reader: impl Fn(&mut dyn Read) -> T + Clone + Send + 'static,
    ) -> Result<T, Fault> {
        let work = || Work::ReadLayer { repository: self.name().to_owned(), digest: blob.digest.clone() };
        let reader = &reader;
        let read = with_retries(self.clock, Nature::Repeatable, |attempt| async move {
            let pulled = self.pull(attempt, blob).await?;
            let (written, read) = tokio::io::duplex(COPY_WINDOW);
            let reader = reader.clone();
            let handle = Handle::current();
            let reading = tokio::task::spawn_blocking(move || {
                let mut stream = Blocking { handle, stream: read };
                let made = reader(&mut stream);
                // Whether the bytes are the right ones is known when all of them came.
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
                made
            });
            let poured = self.wire.limits.transferred(blob.size, pour(pulled, blob, written)).await;
            let made = reading.await;
            poured.map(|()| made)
        });
        let made = read.await.map_err(|e| self.fault(&e, work()))?;
        made.map_err(|e| Fault::from(OwnProblem::Broken { part: Part::LayerReader }).said(e.to_string()))
    }
}

/// The receiving end, for a thread that may wait.
struct Blocking {
    handle: Handle,
    stream: DuplexStream,
}

impl Read for Blocking {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.handle.block_on(self.stream.read(to))
    }
}
