package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// byTag decides as Produce.java does: by the message's tag.
type byTag struct{}

func (byTag) ExecuteLocalTransaction(message *primitive.Message) primitive.LocalTransactionState {
	switch tag := message.GetTags(); {
	case strings.HasPrefix(tag, "unknown"):
		return primitive.UnknowState
	case tag == "rollback":
		return primitive.RollbackMessageState
	default:
		return primitive.CommitMessageState
	}
}

func (byTag) CheckLocalTransaction(message *primitive.MessageExt) primitive.LocalTransactionState {
	emit(line{"event": "checked", "keys": message.GetKeys()})
	if strings.HasSuffix(message.GetTags(), "rollback") {
		return primitive.RollbackMessageState
	}
	return primitive.CommitMessageState
}

// produceInTransactions with hold answers checks until the standard input ends.
func produceInTransactions(messages []*primitive.Message, settings []producer.Option, hold bool) error {
	p, err := rocketmq.NewTransactionProducer(byTag{}, settings...)
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	for i, message := range messages {
		result, err := p.SendMessageInTransaction(context.Background(), message)
		if err != nil {
			return err
		}
		emitSent(i, result.SendResult)
	}
	if hold {
		emit(line{"event": "held"})
		io.Copy(io.Discard, os.Stdin)
	}
	if err := p.Shutdown(); err != nil {
		return err
	}
	emit(line{"event": "done", "count": len(messages)})
	return nil
}
