//! Authorization servers that answer what a test wants, and count.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authbench_servers::http::Limits;
use authbench_servers::http::connection::{self, Handler, Listening};
use authbench_servers::http::reply::{self, Reply};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};

/// Gives every request the same answer.
pub(crate) struct FakeServer {
    pub(crate) url: String,
    answers: Arc<Answers>,
    _listening: Listening,
}

struct Answers {
    next: Mutex<(StatusCode, String)>,
    delay: Duration,
    count: AtomicUsize,
}

struct Fake(Arc<Answers>);

impl Handler for Fake {
    async fn handle(&self, _request: Request<Incoming>) -> Reply {
        self.0.count.fetch_add(1, SeqCst);
        tokio::time::sleep(self.0.delay).await;
        let (status, body) = self.0.next.lock().expect("not poisoned").clone();
        reply::json_text(status, body)
    }
}

impl FakeServer {
    pub(crate) async fn start(body: &str, delay: Duration) -> Self {
        let listener = connection::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a port");
        let url = connection::url_of(&listener, None).expect("bound");
        let next = Mutex::new((StatusCode::OK, body.to_owned()));
        let answers = Arc::new(Answers {
            next,
            delay,
            count: AtomicUsize::new(0),
        });
        let handler = Arc::new(Fake(Arc::clone(&answers)));
        let listening =
            connection::serve(listener, handler, &Limits::default(), None).expect("serves");
        Self {
            url,
            answers,
            _listening: listening,
        }
    }

    /// Changes what is answered from now on.
    pub(crate) fn answer(&self, status: StatusCode, body: &str) {
        *self.answers.next.lock().expect("not poisoned") = (status, body.to_owned());
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> usize {
        self.answers.count.load(SeqCst)
    }
}
