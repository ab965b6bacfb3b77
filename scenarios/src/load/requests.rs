//! Prebuilt requests, one per credential, and what counts as the expected answer to them.

use crate::wire::{RequestBytes, ResponseReader};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether a response is the expected one.
pub type Expect = Box<dyn Fn(u16, &ResponseReader) -> bool + Send + Sync>;
/// Takes the cookies of a response to the request of the credential with this index.
pub type Adopt = Box<dyn Fn(usize, &ResponseReader) + Send + Sync>;

/// The requests to one enforcement point: the same request, once per credential.
///
/// A credential that is renewed gets its request replaced here; whoever sends next picks up the new one.
pub struct RequestPool {
    requests: Mutex<Vec<Arc<RequestBytes>>>,
    expect: Expect,
    adopt: Option<Adopt>,
}

impl RequestPool {
    /// One request per credential (at least one), all of them expecting the same.
    #[must_use]
    pub fn new(requests: Vec<RequestBytes>, expect: Expect) -> Arc<Self> {
        Arc::new(Self::with(requests, expect, None))
    }

    /// The same, where responses that set cookies go to `adopt`.
    #[must_use]
    pub fn adopting(requests: Vec<RequestBytes>, expect: Expect, adopt: Adopt) -> Arc<Self> {
        Arc::new(Self::with(requests, expect, Some(adopt)))
    }

    fn with(requests: Vec<RequestBytes>, expect: Expect, adopt: Option<Adopt>) -> Self {
        assert!(!requests.is_empty(), "a pool has at least one request");
        Self {
            requests: Mutex::new(requests.into_iter().map(Arc::new).collect()),
            expect,
            adopt,
        }
    }

    /// Replaces the request of credential `index`, which must exist.
    pub fn replace(&self, index: usize, request: RequestBytes) {
        self.lock()[index] = Arc::new(request);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<RequestBytes>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One virtual user's share of a pool: every `stride`-th credential, over and over.
pub struct Requests {
    pool: Arc<RequestPool>,
    taken: usize,
    next: usize,
    first: usize,
    stride: usize,
}

impl Requests {
    /// The share that starts at credential `first`. With fewer credentials than users, users share them.
    #[must_use]
    pub fn new(pool: Arc<RequestPool>, first: usize, stride: usize) -> Self {
        let first = first % pool.lock().len();
        Self {
            pool,
            taken: first,
            next: first,
            first,
            stride,
        }
    }

    /// The next request.
    pub fn take(&mut self) -> Arc<RequestBytes> {
        let requests = self.pool.lock();
        let request = Arc::clone(&requests[self.next]);
        self.taken = self.next;
        self.next += self.stride;
        if self.next >= requests.len() {
            self.next = self.first;
        }
        request
    }

    /// Lets the credential of the request taken last, `request`, have the cookies of the response to it; not if the credential has been renewed
    /// meanwhile: a late answer would bring the old one back.
    pub fn adopt(&self, request: &Arc<RequestBytes>, response: &ResponseReader) {
        // The lock is given back first: adopting replaces the request.
        let is_current = Arc::ptr_eq(request, &self.pool.lock()[self.taken]);
        if let Some(adopt) = self.pool.adopt.as_ref().filter(|_| is_current) {
            adopt(self.taken, response);
        }
    }

    /// Whether the response just read is the expected one.
    #[must_use]
    pub fn expected(&self, status: u16, response: &ResponseReader) -> bool {
        (self.pool.expect)(status, response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(size: usize) -> Arc<RequestPool> {
        let request = |n: usize| {
            RequestBytes::encode("GET", &format!("/{n}"), "test", [], b"").expect("encodes")
        };
        RequestPool::new(
            (0..size).map(request).collect(),
            Box::new(|status, _| status == 200),
        )
    }

    fn path(request: &RequestBytes) -> String {
        let text = String::from_utf8_lossy(request.as_bytes());
        text.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[test]
    fn users_walk_through_disjoint_shares_and_start_again() {
        let pool = pool(5);
        let mut second = Requests::new(pool, 1, 2);
        let paths: Vec<_> = (0..4).map(|_| path(&second.take())).collect();
        assert_eq!(paths, ["/1", "/3", "/1", "/3"]);
    }

    #[test]
    fn a_renewed_credential_is_used_from_then_on() {
        let pool = pool(1);
        let mut user = Requests::new(Arc::clone(&pool), 3, 4);
        assert_eq!(path(&user.take()), "/0");
        pool.replace(
            0,
            RequestBytes::encode("GET", "/new", "test", [], b"").expect("encodes"),
        );
        assert_eq!(path(&user.take()), "/new");
    }
}
