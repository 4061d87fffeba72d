//! A real server that plays replies in order and keeps what it saw.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use dakera_rs::{Client, Value, json};
use reqwest::Url;

use crate::runner::lock;

/// The key of the clients that tests make.
pub const KEY: &str = "dk-test-key";

/// What the server saw of a request.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: Value,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
}

/// Ends with its value.
pub struct Server {
    pub url: String,
    state: Arc<State>,
}

struct State {
    replies: Vec<Value>,
    elsewhere: String,
    seen: Mutex<Vec<Seen>>,
    sent: AtomicUsize,
    connections: AtomicUsize,
    has_ended: AtomicBool,
}

impl Server {
    /// Plays replies as conformance/README.md describes them; also `stall_ms`, which waits within the body, and
    /// `endless`, which never ends it.
    pub fn start(replies: Vec<Value>) -> Self {
        Self::beside("", replies)
    }

    /// A header `$elsewhere` becomes the address of another server.
    pub fn beside(elsewhere: &str, replies: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            replies,
            elsewhere: elsewhere.to_owned(),
            seen: Mutex::default(),
            sent: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            has_ended: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.has_ended.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&state, stream));
            }
        });
        Self { url, state }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url, KEY)
    }

    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// The bodies of all requests.
    pub fn bodies(&self) -> Vec<Value> {
        self.seen()
            .into_iter()
            .map(|seen| seen.body.unwrap_or_default())
            .collect()
    }

    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// How many bytes of an endless answer were sent.
    pub fn sent(&self) -> usize {
        self.state.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.has_ended.store(true, Ordering::SeqCst);
        // Wakes the listener, so that the port is closed.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
    }
}

pub fn ok(body: &Value) -> Value {
    json!({ "status": 200, "headers": { "content-type": "application/json", "x-request-id": "req_1" }, "body": body })
}

pub fn failing(status: u16, headers: &Value) -> Value {
    let body = json!({ "error": "No.", "code": "INTERNAL_ERROR", "status": status, "request_id": "req_2" });
    json!({ "status": status, "headers": headers, "body": body })
}

pub fn memory(id: &str) -> Value {
    json!({
        "id": id, "agent_id": "n", "namespace": "n", "content": format!("Content of {id}"), "memory_type": "semantic",
        "importance": 0.85, "tags": ["finding"], "metadata": { "source": "researcher" }, "session_id": null,
        "author": "researcher", "derived_from": [], "valid_from": null, "created_at": 1, "updated_at": 1,
        "last_accessed_at": null, "access_count": 0, "expires_at": null, "version": 1
    })
}

pub fn stored(id: &str) -> Value {
    ok(&json!({ "memory": memory(id), "embedding_time_ms": 1 }))
}

/// Answers until the connection ends.
fn serve(state: &State, stream: TcpStream) {
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(reading);
    while let Some(seen) = read(&mut reader) {
        let reply = {
            let mut all = lock(&state.seen);
            all.push(seen);
            state.replies.get(all.len() - 1).cloned()
        };
        if answer(state, &stream, &reply.unwrap_or_default()).is_none() {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = (length > 0).then(|| serde_json::from_slice(&body).expect("the client sends JSON"));
    // Not from the parsed address, which may have been made tidy.
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let url = Url::parse(&format!("http://localhost{target}")).ok()?;
    let query = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    Some(Seen {
        method,
        path,
        query: Value::Object(query),
        headers,
        body,
    })
}

/// `None` when the connection is to be closed.
fn answer(state: &State, mut stream: &TcpStream, reply: &Value) -> Option<()> {
    let milliseconds = |name: &str| Duration::from_millis(reply[name].as_u64().unwrap_or(0));
    let status = reply["status"].as_u64()?; // `drop`, or more requests than replies
    thread::sleep(milliseconds("delay_ms"));
    let content = match (&reply["text"], &reply["body"]) {
        (Value::String(text), _) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, body) => body.to_string(),
    };
    let mut head = format!("HTTP/1.1 {status} Played\r\n");
    for (name, value) in reply["headers"].as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .unwrap_or_default()
            .replace("$elsewhere", &state.elsewhere);
        head += &format!("{name}: {value}\r\n");
    }
    if reply["endless"] == true {
        stream.write_all((head + "\r\n").as_bytes()).ok()?;
        let spaces = vec![b' '; 65_536];
        loop {
            stream.write_all(&spaces).ok()?;
            state.sent.fetch_add(65_536, Ordering::SeqCst);
        }
    }
    if status != 204 {
        head += &format!("content-length: {}\r\n", content.len());
    }
    stream.write_all((head + "\r\n").as_bytes()).ok()?;
    let (first, rest) = content.as_bytes().split_at(content.len() / 2);
    stream.write_all(first).ok()?;
    if reply["cut"] == true {
        thread::sleep(Duration::from_millis(20));
        return None;
    }
    thread::sleep(milliseconds("stall_ms"));
    stream.write_all(rest).ok()
}
