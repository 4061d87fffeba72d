// @generated from packages/protocol by packages/codegen; do not edit.

use crate::arguments::{ListOptions, OffsetOptions, OneOrMany, Target};
use crate::client::DakeraClient;
use crate::list::List;
use crate::mode::Mode;
use crate::models::{
    Agent, AgentStats, CreateKeyRequest, CreateNamespaceKeyRequest, CreateNamespaceRequest,
    CreatedKey, CreatedNamespaceKey, DeleteNamespaceKeyResponse, DeleteNamespaceResponse,
    EndSessionRequest, ForgetBatchRequest, ForgetBatchResponse, ForgetRequest, ForgetResponse,
    Identity, Key, KeyActionResponse, KeyUsage, ListMemoriesRequest, ListedNamespace, Memory,
    Namespace, NamespaceKey, RecallRequest, RecallResponse, RotateKeyRequest, RotatedKey,
    SearchRequest, Session, SetImportanceResponse, StartSessionRequest, StoreMemoriesResponse,
    StoreMemoryRequest, StoreMemoryResponse, UpdateKeyRequest, UpdateMemoryRequest,
    UpdateMemoryResponse, UpsertNamespaceRequest,
};
use crate::resources::{
    AgentMemoriesOptions, Agents, HealthChecks, Keys, ListSessionsOptions, Memories, NamespaceKeys,
    Namespaces, Sessions,
};

/// The resources, each with its calls.
impl<M: Mode> DakeraClient<M> {
    /// Store, find, change and forget what agents know.
    pub fn memories(&self) -> Memories<'_, M> {
        Memories(&self.caller)
    }

    /// Places for memories, each with its own grants.
    pub fn namespaces(&self) -> Namespaces<'_, M> {
        Namespaces(&self.caller)
    }

    /// API keys and their grants. All but `whoami` needs an admin's key.
    pub fn keys(&self) -> Keys<'_, M> {
        Keys(&self.caller)
    }

    /// Keys as one namespace sees them: by the grant they have there. Needs an admin's key.
    pub fn namespace_keys(&self) -> NamespaceKeys<'_, M> {
        NamespaceKeys(&self.caller)
    }

    /// Stretches of work of an agent, and the memories that belong to them.
    pub fn sessions(&self) -> Sessions<'_, M> {
        Sessions(&self.caller)
    }

    /// Namespaces as the places of agents: who is there, and what is in them.
    pub fn agents(&self) -> Agents<'_, M> {
        Agents(&self.caller)
    }

    /// Health of the server. Needs no key, and sends none.
    pub fn health(&self) -> HealthChecks<'_, M> {
        HealthChecks(&self.caller)
    }
}

/// The flat names of the product's samples: each calls its resource, and does nothing else.
impl<M: Mode> DakeraClient<M> {
    /// The same as [`memories().store`](crate::Memories::store).
    pub fn store_memory(
        &self,
        namespace: impl AsRef<str>,
        memory: impl Into<StoreMemoryRequest>,
    ) -> M::Reply<StoreMemoryResponse> {
        self.memories().store(namespace, memory)
    }

    /// The same as [`memories().store_batch`](crate::Memories::store_batch).
    pub fn store_memories<I>(
        &self,
        namespace: impl AsRef<str>,
        memories: I,
    ) -> M::Reply<StoreMemoriesResponse>
    where
        I: IntoIterator,
        I::Item: Into<StoreMemoryRequest>,
    {
        self.memories().store_batch(namespace, memories)
    }

    /// The same as [`memories().recall`](crate::Memories::recall).
    pub fn recall(
        &self,
        namespace: impl Into<OneOrMany>,
        query: impl Into<RecallRequest>,
    ) -> M::Reply<RecallResponse> {
        self.memories().recall(namespace, query)
    }

    /// The same as [`memories().search`](crate::Memories::search).
    pub fn search_memories(
        &self,
        namespace: impl Into<OneOrMany>,
        query: impl Into<SearchRequest>,
    ) -> M::Reply<RecallResponse> {
        self.memories().search(namespace, query)
    }

    /// The same as [`memories().get`](crate::Memories::get).
    pub fn get_memory(&self, memory: impl Into<Target>) -> M::Reply<Memory> {
        self.memories().get(memory)
    }

    /// The same as [`memories().update`](crate::Memories::update).
    pub fn update_memory(
        &self,
        memory: impl Into<Target>,
        changes: UpdateMemoryRequest,
    ) -> M::Reply<UpdateMemoryResponse> {
        self.memories().update(memory, changes)
    }

    /// The same as [`memories().set_importance`](crate::Memories::set_importance).
    pub fn set_importance(
        &self,
        namespace: impl AsRef<str>,
        ids: impl Into<OneOrMany>,
        importance: f64,
    ) -> M::Reply<SetImportanceResponse> {
        self.memories().set_importance(namespace, ids, importance)
    }

    /// The same as [`memories().forget`](crate::Memories::forget).
    pub fn forget(
        &self,
        namespace: impl AsRef<str>,
        which: impl Into<ForgetRequest>,
    ) -> M::Reply<ForgetResponse> {
        self.memories().forget(namespace, which)
    }

    /// The same as [`memories().forget_batch`](crate::Memories::forget_batch).
    pub fn batch_forget(
        &self,
        namespace: impl AsRef<str>,
        which: impl Into<ForgetBatchRequest>,
    ) -> M::Reply<ForgetBatchResponse> {
        self.memories().forget_batch(namespace, which)
    }

    /// The same as [`memories().list`](crate::Memories::list).
    pub fn list_memories(
        &self,
        namespace: impl AsRef<str>,
        which: impl Into<ListMemoriesRequest>,
    ) -> List<Memory, M> {
        self.memories().list(namespace, which)
    }

    /// The same as [`namespaces().create`](crate::Namespaces::create).
    pub fn create_namespace(
        &self,
        name: impl AsRef<str>,
        settings: CreateNamespaceRequest,
    ) -> M::Reply<Namespace> {
        self.namespaces().create(name, settings)
    }

    /// The same as [`namespaces().upsert`](crate::Namespaces::upsert).
    pub fn upsert_namespace(
        &self,
        name: impl AsRef<str>,
        settings: UpsertNamespaceRequest,
    ) -> M::Reply<Namespace> {
        self.namespaces().upsert(name, settings)
    }

    /// The same as [`namespaces().list`](crate::Namespaces::list).
    pub fn list_namespaces(&self) -> List<ListedNamespace, M> {
        self.namespaces().list(ListOptions::default())
    }

    /// The same as [`namespaces().get`](crate::Namespaces::get).
    pub fn get_namespace(&self, name: impl AsRef<str>) -> M::Reply<Namespace> {
        self.namespaces().get(name)
    }

    /// The same as [`namespaces().delete`](crate::Namespaces::delete).
    pub fn delete_namespace(&self, name: impl AsRef<str>) -> M::Reply<DeleteNamespaceResponse> {
        self.namespaces().delete(name)
    }

    /// The same as [`keys().create`](crate::Keys::create).
    pub fn create_key(&self, key: CreateKeyRequest) -> M::Reply<CreatedKey> {
        self.keys().create(key)
    }

    /// The same as [`keys().list`](crate::Keys::list).
    pub fn list_keys(&self) -> List<Key, M> {
        self.keys().list(ListOptions::default())
    }

    /// The same as [`keys().get`](crate::Keys::get).
    pub fn get_key(&self, id: impl AsRef<str>) -> M::Reply<Key> {
        self.keys().get(id)
    }

    /// The same as [`keys().update`](crate::Keys::update).
    pub fn update_key(&self, id: impl AsRef<str>, changes: UpdateKeyRequest) -> M::Reply<Key> {
        self.keys().update(id, changes)
    }

    /// The same as [`keys().rotate`](crate::Keys::rotate).
    pub fn rotate_key(&self, id: impl AsRef<str>, how: RotateKeyRequest) -> M::Reply<RotatedKey> {
        self.keys().rotate(id, how)
    }

    /// The same as [`keys().deactivate`](crate::Keys::deactivate).
    pub fn deactivate_key(&self, id: impl AsRef<str>) -> M::Reply<KeyActionResponse> {
        self.keys().deactivate(id)
    }

    /// The same as [`keys().delete`](crate::Keys::delete).
    pub fn delete_key(&self, id: impl AsRef<str>) -> M::Reply<KeyActionResponse> {
        self.keys().delete(id)
    }

    /// The same as [`keys().usage`](crate::Keys::usage).
    pub fn key_usage(&self, id: impl AsRef<str>) -> M::Reply<KeyUsage> {
        self.keys().usage(id)
    }

    /// The same as [`keys().whoami`](crate::Keys::whoami).
    pub fn whoami(&self) -> M::Reply<Identity> {
        self.keys().whoami()
    }

    /// The same as [`namespace_keys().create`](crate::NamespaceKeys::create).
    pub fn create_namespace_key(
        &self,
        namespace: impl AsRef<str>,
        key: CreateNamespaceKeyRequest,
    ) -> M::Reply<CreatedNamespaceKey> {
        self.namespace_keys().create(namespace, key)
    }

    /// The same as [`namespace_keys().list`](crate::NamespaceKeys::list).
    pub fn list_namespace_keys(&self, namespace: impl AsRef<str>) -> List<NamespaceKey, M> {
        self.namespace_keys().list(namespace)
    }

    /// The same as [`namespace_keys().delete`](crate::NamespaceKeys::delete).
    pub fn delete_namespace_key(
        &self,
        namespace: impl AsRef<str>,
        id: impl AsRef<str>,
    ) -> M::Reply<DeleteNamespaceKeyResponse> {
        self.namespace_keys().delete(namespace, id)
    }

    /// The same as [`namespace_keys().usage`](crate::NamespaceKeys::usage).
    pub fn namespace_key_usage(
        &self,
        namespace: impl AsRef<str>,
        id: impl AsRef<str>,
    ) -> M::Reply<KeyUsage> {
        self.namespace_keys().usage(namespace, id)
    }

    /// The same as [`sessions().start`](crate::Sessions::start).
    pub fn start_session(
        &self,
        namespace: impl AsRef<str>,
        session: StartSessionRequest,
    ) -> M::Reply<Session> {
        self.sessions().start(namespace, session)
    }

    /// The same as [`sessions().end`](crate::Sessions::end).
    pub fn end_session(
        &self,
        session: impl Into<Target>,
        how: EndSessionRequest,
    ) -> M::Reply<Session> {
        self.sessions().end(session, how)
    }

    /// The same as [`sessions().get`](crate::Sessions::get).
    pub fn get_session(&self, session: impl Into<Target>) -> M::Reply<Session> {
        self.sessions().get(session)
    }

    /// The same as [`sessions().list`](crate::Sessions::list).
    pub fn list_sessions(&self, options: ListSessionsOptions) -> List<Session, M> {
        self.sessions().list(options)
    }

    /// The same as [`sessions().memories`](crate::Sessions::memories).
    pub fn session_memories(
        &self,
        session: impl Into<Target>,
        options: OffsetOptions,
    ) -> List<Memory, M> {
        self.sessions().memories(session, options)
    }

    /// The same as [`agents().list`](crate::Agents::list).
    pub fn list_agents(&self) -> M::Reply<Vec<Agent>> {
        self.agents().list()
    }

    /// The same as [`agents().stats`](crate::Agents::stats).
    pub fn agent_stats(&self, namespace: impl AsRef<str>) -> M::Reply<AgentStats> {
        self.agents().stats(namespace)
    }

    /// The same as [`agents().memories`](crate::Agents::memories).
    pub fn agent_memories(
        &self,
        namespace: impl AsRef<str>,
        options: AgentMemoriesOptions,
    ) -> List<Memory, M> {
        self.agents().memories(namespace, options)
    }
}
