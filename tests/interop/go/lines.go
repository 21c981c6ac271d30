package main

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"os"
	"sync"
	"unicode/utf8"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

type line map[string]any

const textMax = 256

var output sync.Mutex

// emit prints one event; consumers call it from many goroutines.
func emit(event line) {
	encoded, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(encoded, '\n'))
}

func emitReceived(message *primitive.MessageExt) {
	digest := sha1.Sum(message.Body)
	var text any
	if len(message.Body) <= textMax && utf8.Valid(message.Body) {
		text = string(message.Body)
	}
	emit(line{
		"event":          "received",
		"topic":          message.Topic,
		"bodySize":       len(message.Body),
		"bodySha1":       hex.EncodeToString(digest[:]),
		"text":           text,
		"tags":           orNull(message.GetTags()),
		"keys":           orNull(message.GetKeys()),
		"properties":     message.GetProperties(),
		"brokerName":     message.Queue.BrokerName,
		"queueId":        message.Queue.QueueId,
		"queueOffset":    message.QueueOffset,
		"physicalOffset": message.CommitLogOffset,
		"msgId":          message.MsgId,
		"sysFlag":        message.SysFlag,
		"flag":           message.Flag,
		"bornTimestamp":  message.BornTimestamp,
		"bornHost":       message.BornHost,
		"reconsumeTimes": message.ReconsumeTimes,
	})
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
